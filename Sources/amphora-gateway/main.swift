import GatewayRuntime

GatewayCommand.main()
