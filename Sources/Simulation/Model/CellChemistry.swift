/// The voltage of a resting LiFePO4 cell over its state of charge.
///
/// A table of the flat plateau with its two steps and steep ends, as measured on common 100 Ah
/// cells at 25 °C; straight lines between the points.
enum CellChemistry {
    private static let curve: [(charge: Double, volts: Double)] = [
        (-0.05, 2.00), (0.00, 2.60), (0.02, 2.90), (0.05, 3.05), (0.10, 3.18), (0.20, 3.235),
        (0.30, 3.265), (0.40, 3.285), (0.55, 3.295), (0.65, 3.315), (0.75, 3.330), (0.90, 3.335),
        (0.95, 3.345), (0.98, 3.370), (0.99, 3.400), (1.00, 3.480), (1.01, 3.650), (1.05, 4.00),
    ]

    /// Volts at a state of charge of 0…1; a little outside it the curve is steep.
    static func restingVoltage(at charge: Double) -> Double {
        guard let first = curve.first, let last = curve.last else { return 0 }
        if charge <= first.charge { return first.volts }
        for (low, high) in zip(curve, curve.dropFirst()) where charge <= high.charge {
            let share = (charge - low.charge) / (high.charge - low.charge)
            return low.volts + share * (high.volts - low.volts)
        }
        return last.volts
    }

    /// Cold cells resist more: the factor on the resistance at 25 °C.
    static func resistanceFactor(at celsius: Double) -> Double {
        celsius >= 25 ? 1 : 1 + (25 - celsius) * 0.03
    }
}
