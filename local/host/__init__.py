"""A local host for Azure Functions Python v2 apps with Durable Functions: no cloud, no `func` tool.

It loads an unmodified `function_app.py` and drives the real azure-functions-durable replay code.

    events.py     the shapes of history events                                            (pure)
    tasks.py      commands, and the things that a replay awaits                           (pure)
    replay.py     history + the actions the orchestrator returned -> what to schedule     (pure)
    clock.py      orchestration time, which tests may speed up
    store.py      the SQLite store; history.py: its histories, cached
    engine.py     one thread that owns the store: completions, timers, the ready queue
    turn.py       calls the orchestrator's code and judges what it returned
    episode.py    one orchestration episode: a turn, then one transaction
    control.py    start, raise event, terminate, suspend, resume, rewind, restart, purge
    ledger.py     sizes and protocol errors, which strict mode turns into failures
    settings.py   host.json and local.settings.json
    functions.py  loads the app and classifies its functions; refusals.py: what Azure refuses
    invoke.py     calls the app's functions: a thread pool and one event loop
    routes.py     HTTP route templates; server.py: HTTP triggers and admin
    webhooks.py   the Durable HTTP API; status.py: its JSON shapes
    blobs.py      blob triggers by polling; timers.py: timer triggers
    __main__.py   the command line

Never deployed.
"""
