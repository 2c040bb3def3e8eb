import Simulation

SimulatorCommand.main()
