import GatewayRuntime

GatewayCommand.start()
