import ArgumentParser
import FleetStore

/// `tenants`.
struct TenantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants",
        abstract: "Say which gateways belong together, apart from all others.",
        subcommands: [
            AddTenantCommand.self, ListTenantsCommand.self, AssignGatewaysCommand.self,
        ])
}

/// `tenants add`.
struct AddTenantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a tenant.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @Argument(help: "Its id, 1 to 64 characters 'a…z 0…9 -'.") var id: String

    @Option(help: "What people call it.")
    var label = ""

    func validate() throws {
        guard Self.isID(id) else {
            throw ValidationError(
                "'\(id)' is no id, expected 1 to 64 characters 'a…z 0…9 -'")
        }
    }

    static func isID(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            }
    }

    func run() throws {
        try UsersCommand.run(store) { store in
            let author = UsersCommand.author(actor)
            let tenant = Tenant(
                id: id, label: label, createdMilliseconds: author.milliseconds)
            guard try store.addTenant(tenant, by: author) else {
                try fail("there is a tenant '\(id)' already")
            }
        }
        print("added \(id)")
    }
}

/// `tenants list`.
struct ListTenantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the tenants with their gateways.")

    @OptionGroup var store: StoreOptions

    func run() throws {
        try UsersCommand.run(store) { store in
            let tenants = try store.tenants()
            if tenants.isEmpty {
                Output.note("there are no tenants yet; add one with 'tenants add'")
            }
            for tenant in tenants {
                let gateways = try store.gateways(ofTenant: tenant.id)
                let label = tenant.label.isEmpty ? "" : " (\(tenant.label))"
                let list = gateways.isEmpty ? "no gateway" : gateways.joined(separator: ", ")
                print("\(tenant.id)\(label): \(list)")
            }
        }
    }
}

/// `tenants assign`.
struct AssignGatewaysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assign", abstract: "Give gateways to a tenant, whoever had them before.",
        discussion: """
            Nobody to whom they were granted before sees them any more. A gateway may be given away before it \
            is heard of.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @Argument(help: "The tenant's id.") var tenant: String
    @Argument(help: "The ids of gateways.") var gateways: [String]

    func validate() throws {
        for id in gateways where !AddTenantCommand.isID(id) {
            throw ValidationError(
                "'\(id)' is no id of a gateway, expected 1 to 64 characters 'a…z 0…9 -'")
        }
    }

    func run() throws {
        try UsersCommand.run(store) { store in
            for id in gateways {
                let author = UsersCommand.author(actor)
                guard try store.assign(gateway: id, to: tenant, by: author) else {
                    try fail("there is no tenant '\(tenant)'; add one with 'tenants add'")
                }
                print("assigned \(id)")
            }
        }
    }
}
