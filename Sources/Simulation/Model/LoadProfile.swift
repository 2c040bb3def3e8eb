/// The current a house and its panels want to push through the bank, over the model's time.
package enum LoadProfile: Hashable, Sendable {
    /// Always the same, A; positive charges.
    case constant(Double)
    /// Up and down around zero, A and seconds.
    case sine(amplitude: Double, period: Double)
    /// A sunny day: panels around noon, a house in the morning and the evening; A at the peak.
    case day(peak: Double)

    /// Reads `25`, `-40`, `sine:60:600` or `day:80`.
    package init(_ text: String, option: String) throws(SimulationError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.dropFirst().compactMap { Double($0) }
        if parts.count == 1, let amperes = Double(text), amperes.isFinite {
            self = .constant(amperes)
        } else if parts[0] == "sine", parts.count == 3, numbers.count == 2, numbers[1] > 0 {
            self = .sine(amplitude: numbers[0], period: numbers[1])
        } else if parts[0] == "day", parts.count == 2, numbers.count == 1 {
            self = .day(peak: numbers[0])
        } else {
            throw .option(
                name: option, found: text,
                expected: "amperes such as -40, 'sine:AMPERES:SECONDS' or 'day:AMPERES'")
        }
    }

    /// Amperes at a moment of the model, in seconds since its start; a day begins at midnight.
    package func amperes(at seconds: Double) -> Double {
        switch self {
        case .constant(let amperes): return amperes
        case .sine(let amplitude, let period): return amplitude * sineOfTurns(seconds / period)
        case .day(let peak):
            let hour = (seconds / 3600).truncatingRemainder(dividingBy: 24)
            let sun = hour > 6 && hour < 18 ? sineOfTurns((hour - 6) / 24) : 0
            let isBusy = (6.5..<8.5).contains(hour) || (17.5..<22.5).contains(hour)
            return peak * (sun * sun - (isBusy ? 0.55 : 0.08))
        }
    }
}
