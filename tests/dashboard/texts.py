"""Invented Dutch texts about an invented provider: title, text, sentiment, themes."""

NEGATIVE = (
    (
        "Monteur kwam niet opdagen",
        "Drie keer vrij genomen en drie keer voor niets gewacht. Beloofd was 24 uur, het is nu dag negen.",
        ("afspraken",),
    ),
    (
        "Geen internet sinds maandag",
        "Al vier dagen geen verbinding. Snelveld zegt elke keer dat iemand terugbelt, maar dat gebeurt niet.",
        ("bereikbaarheid",),
    ),
    (
        "Dubbel gefactureerd",
        "Twee keer dezelfde maand betaald. Je wordt van het kastje naar de muur gestuurd voor je geld.",
        ("prijs",),
    ),
    (
        "",
        "@snelveld 24 uur beloofd, nu dag 6. Mijn vrouw werkt thuis en zit bij de buren op de wifi. Dit kan toch niet?",
        ("levering", "afspraken"),
    ),
    (
        "Opzeggen is een drama",
        "Ik wil weg bij Snelveld maar de opzegknop doet niets en in de chat word je steeds doorverbonden.",
        ("opzeggen",),
    ),
    (
        "Onbereikbaar",
        "Vijftig minuten in de wacht en toen werd de verbinding verbroken. Wat een service.",
        ("bereikbaarheid",),
    ),
    (
        "Modem stuk, niemand helpt",
        "Het nieuwe modem valt elk uur uit. Ruilen mag pas als er een monteur is geweest, over drie weken.",
        ("kwaliteit",),
    ),
    (
        "",
        "Snelveld heeft mijn adres aan de verkeerde klant gemaild. Ik heb dit gemeld bij de toezichthouder.",
        ("privacy",),
    ),
    (
        "Traag in de avond",
        "Overdag prima, maar vanaf acht uur 's avonds haal ik nog geen tiende van wat ik betaal.",
        ("kwaliteit",),
    ),
    (
        "Onbeschoft te woord gestaan",
        "De medewerker hing op toen ik vroeg wanneer mijn aansluiting eindelijk komt.",
        ("bejegening",),
    ),
)
NEUTRAL = (
    ("", "Weet iemand of je bij Snelveld een eigen modem mag gebruiken?", ()),
    (
        "Prijzen omhoog in januari",
        "Snelveld verhoogt de abonnementen met ongeveer drie procent, net als andere aanbieders.",
        ("prijs",),
    ),
    ("Redelijk", "De snelheid klopt, de app is wat onhandig. Verder niets bijzonders.", ("kwaliteit",)),
    ("", "Overstap van Belpunt naar Snelveld staat gepland voor volgende week. Ben benieuwd.", ()),
    ("Nieuwe gebieden op glasvezel", "In het najaar volgen nog vier gemeenten, meldt het bedrijf.", ()),
)
POSITIVE = (
    (
        "Snel geholpen",
        "Storing gemeld om tien uur, om elf uur werkte alles weer. Heel vriendelijke medewerker ook.",
        ("bereikbaarheid",),
    ),
    (
        "Eindelijk een eerlijke prijs",
        "Geen gedoe met kortingen die aflopen. Gewoon een vast bedrag per maand.",
        ("prijs",),
    ),
    (
        "",
        "Complimenten voor de monteur van @snelveld, alles netjes weggewerkt en nog even de tv ingesteld 👍",
        ("bejegening",),
    ),
    ("Prima internet", "Al een jaar klant, nog geen enkele storing gehad. Aanrader.", ("kwaliteit",)),
    (
        "Overstappen ging vanzelf",
        "Binnen een dag over, zonder dat we iets merkten. Zo hoort het.",
        ("levering",),
    ),
)
REPLIES = (
    "Wat vervelend dat je zo lang moet wachten. We zoeken het uit en bellen je vandaag nog.",
    "Bedankt voor je bericht. Stuur je ons je postcode in een privébericht? Dan kijken we mee.",
    "Dit had niet mogen gebeuren, onze excuses. De monteur komt morgenochtend als eerste bij jou.",
)
STORM = (
    "Al {n} dagen zonder internet terwijl Snelveld aansluiting binnen 24 uur beloofde. Niemand belt terug.",
    "Weer geen monteur van @snelveld! Dit was afspraak nummer {n}. Iemand anders hier ook last van?",
    "Storing in de hele wijk en bij Snelveld krijg je na {n} minuten wachten een bandje. Onvoorstelbaar.",
    "Ik ben het zat met Snelveld, na {n} mailtjes nog steeds geen verbinding. Ik stap over.",
    "{n} keer gebeld, {n} keer een ander verhaal. Beloofd was 24 uur #snelveld",
)
