import Glibc

/// e to the power of `value`.
func exponential(_ value: Double) -> Double { exp(value) }

/// The sine of a number of whole turns.
func sineOfTurns(_ turns: Double) -> Double { sin(turns * 2 * .pi) }
