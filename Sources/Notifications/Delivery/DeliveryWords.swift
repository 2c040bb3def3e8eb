/// The words around alarms in messages to people; those of the alarms themselves are in the target Alarms.
struct DeliveryWords {
    let over: String
    let since: String
    let until: String
    let notices: String
    let andMore: String
    let leftOut: String
    let more: String
    let test: String
    let testBody: String
    let why: String

    /// The words of a language; English where there are none.
    static func words(_ language: String) -> DeliveryWords { all[language] ?? english }

    /// The languages that have words.
    static var languages: [String] { all.keys.sorted() }

    private static let all = ["en": english, "de": german, "fr": french]

    private static let english = DeliveryWords(
        over: "Over", since: "since", until: "until", notices: "{count} notices",
        andMore: "and {count} more",
        leftOut: "There were {count} more notices than this message has room for.",
        more: "More in the app", test: "Test message",
        testBody: "Nothing is wrong. Messages about your batteries arrive here.",
        why: "You get this because it was asked for under \u{201C}More\u{201D} in the app.")

    private static let german = DeliveryWords(
        over: "Vorbei", since: "seit", until: "bis", notices: "{count} Meldungen",
        andMore: "und {count} weitere",
        leftOut: "Es gab {count} weitere Meldungen, die hier keinen Platz haben.",
        more: "Mehr in der App", test: "Probenachricht",
        testBody: "Es ist nichts passiert. Nachrichten über Ihre Batterien kommen hier an.",
        why: "Sie bekommen das, weil es in der App unter \u{201E}Mehr\u{201C} so eingestellt ist.")

    private static let french = DeliveryWords(
        over: "Terminé", since: "depuis", until: "jusqu’à", notices: "{count} messages",
        andMore: "et {count} de plus",
        leftOut: "Il y a eu {count} messages de plus, qui n’ont pas de place ici.",
        more: "Plus dans l’application", test: "Message d’essai",
        testBody: "Tout va bien. Les messages sur vos batteries arrivent ici.",
        why: "Vous recevez ceci parce que c’est réglé ainsi sous « Plus » dans l’application.")

    /// A sentence with its number.
    static func filled(_ text: String, _ count: Int) -> String {
        text.replacing("{count}", with: "\(count)")
    }
}
