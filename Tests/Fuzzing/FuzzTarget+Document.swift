import GatewaySettings

extension FuzzTarget {
    /// A document of the fleet, judged alone and laid over a file, as both ends do.
    func takeDocument(_ bytes: [UInt8]) {
        let isGood = (try? RemoteDocument.check(bytes)) != nil
        let file = """
            gateway = "house-1"
            line = [{device = "/dev/x", map = "m", units = [1, 2]}]
            inverter = {profile = "p"}
            bank = {charge_current_limit_a = 50, minimum_packs = 2}
            mqtt = {host = "h"}
            """
        guard
            let layers = try? LayeredConfiguration(
                file: Array(file.utf8), path: "file", document: bytes)
        else { return }
        precondition(isGood, "laid over a file and not good by itself")
        let bank = layers.configuration.bank
        precondition((bank.chargeCurrentLimit ?? .max) <= 50_000, "a ceiling was raised")
        precondition(bank.minimumPacks >= 2, "fewer packs than the site requires")
        for setting in layers.configuration.shown { _ = setting.value.text }
    }
}
