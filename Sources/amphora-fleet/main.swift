import FleetRuntime

FleetCommand.main()
