"""The commonest wordings of orders to a model in languages other than English.

Patterns over one plain sentence: lower case, no accents (Russian й is и). See `injection_patterns`.
"""

from __future__ import annotations

LANGUAGE_ORDERS = [
    # German
    r"\b(?:ignorier\w*|missacht\w*|vergiss|vergessen sie|vergesst|ubergeh\w*|uberspring\w*"
    r"|verwirf|"
    r"beacht\w* nicht|lass\w*)\b.{0,40}\b(?:anweisung|instruktion|regel|vorgabe|befehl|prompt"
    r"|aufgabe|"
    r"eingabe|alles (?:davor|bisher|oben|obige|vorher))\w*",
    r"\bdu bist (?:jetzt|nun|ab jetzt|ab sofort|von nun an|fortan)\b|\bab (?:jetzt|sofort) "
    r"(?:antwort\w*"
    r"|sag\w*|bist du|schreib\w*)|\bvon nun an (?:antwort\w*|sag\w*|bist du)",
    r"\b(?:antworte|antworten sie|gib|geben sie|sage?|sagen sie|schreibe?|schreiben sie)\b "
    r"(?:\S+ ){0,3}?"
    r"(?:nur|ausschliesslich|ausschlie\wlich|immer|stets|genau|lediglich)\b (?:noch )?(?:mit"
    r"|das wort|auf|"
    r"[\"'“„‘:]|aus)|\b(?:beende|beginne|schliesse|schlie\we) (?:jede|alle|deine)\w* antwort\w*",
    r"\b(?:jede|alle)\w* (?:frage|anfrage)n?\b.{0,40}\bmit\b|\bbeantworte\w* (?:jede|alle)\w*\b",
    r"\brepond\w* (?:a )?(?:toutes?|chaque|toute)\b.{0,20}\bquestions? (?:par|avec|en)\b"
    r"|\brespond\w* (?:a )?"
    r"(?:todas?|cada|cualquier)\b.{0,20}\bpreguntas? (?:con|en)\b",
    r"\b(?:vergiss|ignorier\w*|vergessen sie) alles\b|\b(?:befolge?n?|folge?n?)(?: sie)? "
    r"(?:nicht|keine[rn]?)\b.{0,40}"
    r"\b(?:anweisung|regel|vorgabe)\w*|\b(?:neue|wahre|eigentliche|einzige) (?:aufgabe"
    r"|anweisung)\w* (?:lautet|ist)\b",
    # French
    r"\b(?:ignor(?:e[zr]?|ons)|oubli(?:e[zr]?)|neglig\w+|ne ten\w+ (?:pas|aucun) compte|fai\w+ "
    r"abstraction"
    r"|n'obei\w+ pas)\b.{0,40}\b(?:instruction|consigne|regle|directive|ordre|tout ce qui "
    r"precede)s?",
    r"\b(?:tu es|vous etes) (?:maintenant|desormais|a present)\b|\b(?:a partir de maintenant"
    r"|desormais),? "
    r"(?:tu|reponds|repondez|vous (?:etes|repond\w*|devez))\b",
    r"\b(?:reponds|repondez|dis|dites|ecris|ecrivez|affiche[zr]?|termine[zr]?) (?:\S+ )"
    r"{0,3}?(?:uniquement"
    r"|seulement|toujours|exactement|simplement|juste|chaque reponse|toutes (?:tes|vos|les) "
    r"reponses)\b",
    r"\bne (?:sui\w+|respect\w+|ten\w+) (?:plus|pas)\b.{0,30}\b(?:regle|instruction|consigne)"
    r"s?\b|\bn'obei\w+ plus\b",
    r"\b(?:no sigas|no siga|non seguire|nao siga|no obedezcas)\b.{0,30}\b(?:instruc\w+"
    r"|istruzion\w+|instru\w+|reglas)\b",
    # Spanish, Portuguese, Italian, Dutch, Polish, Turkish
    r"\b(?:ignor(?:a|e|ar|en|es|ad)|olvid(?:a|e|ar|es|en)|descarta|haz caso omiso|no hagas "
    r"caso|omite|"
    r"desconsidere|esque[cç]a|dimentica\w*|ignorate|negeer|vergeet|zignoruj|zapomnij|goz ardi "
    r"et|unut)\b"
    r".{0,50}\b(?:instruc\w*|instru\w+|orden\w*|reglas?|indicacion\w*|directri\w*|regras?"
    r"|istruzion\w*|"
    r"regole|ordini|opdracht\w*|regels|polecen\w*|zasad\w*|talimat\w*|anterior\w*|lo anterior)",
    r"\b(?:onceki|yukaridaki) (?:tum )?talimat\w*.{0,20}\b(?:yok say|unut|goz ardi)",
    r"\b(?:ahora eres|a partir de ahora,? (?:responde|eres|debes|contesta)|agora voce e|ora "
    r"sei|d'ora in poi"
    r"|je bent nu|vanaf nu|jestes teraz|od teraz)\b",
    r"\b(?:responde|responda|contesta|conteste|di|diga|escribe|imprime|rispondi|antwoord"
    r"|odpowiadaj|"
    r"odpowiedz|termina) (?:\S+ ){0,3}?(?:solo|solamente|unicamente|siempre|exactamente|apenas"
    r"|sempre|somente"
    r"|esclusivamente|alleen|altijd|tylko|zawsze|cada respuesta|todas)\b",
    # Russian, Chinese, Japanese, Korean, Arabic
    r"(?:игнорируи|проигнорируи|забудь|не обращаи|отмени)\w*.{0,40}(?:инструкци|указани|правил"
    r"|команд)",
    r"(?:отвечаи|ответь|пиши|скажи)\w* (?:только|всегда)|ты теперь|с этого момента",
    r"(?:忽略|无视|無視|忘记|忘記|不要理会).{0,15}(?:指令|指示|说明|說明|提示|规则|規則|内容)",
    r"(?:指示|命令|指令|ルール|プロンプト).{0,12}(?:無視|忘れ|従わない)|(?:只|仅|请只|永远)(?:回答|回复|输出)",
    r"(?:지시|명령|지침).{0,12}(?:무시|잊)|(?:تجاهل|انس).{0,40}(?:التعليمات|الأوامر|القواعد)",
]  # fmt: skip
