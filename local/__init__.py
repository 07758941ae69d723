"""The local stack (Azurite, models, host). It is never deployed."""
