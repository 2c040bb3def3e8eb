/// What people divide time by.
package enum CalendarPeriod: String, Hashable, Sendable, CaseIterable {
    case day, month, year
}

extension SiteCalendar {
    /// Where the periods begin that cover the time from one Unix time in milliseconds until before another,
    /// and where the last of them ends; nil when there are more than `most`.
    ///
    /// All are beginnings of days of the site. There is always one period at least.
    package func boundaries(
        _ period: CalendarPeriod, from: Int64, to: Int64, most: Int
    ) -> [Int64]? {
        var date = CivilDate(dayNumber: dayNumber(ofMoment: from)).start(of: period)
        var boundaries = [firstMoment(ofDate: date)]
        repeat {
            date = date.next(period)
            let next = firstMoment(ofDate: date)
            // a date that a zone left out has no beginning of its own
            guard let last = boundaries.last, next > last else { continue }
            guard boundaries.count <= most else { return nil }
            boundaries.append(next)
        } while boundaries.last.map { $0 < to } ?? false
        return boundaries
    }
}

/// A date of the Gregorian calendar, also of times before it was used.
struct CivilDate: Hashable {
    /// The month from 1, and the day in it from 1.
    var year: Int64, month: Int64, day: Int64

    /// The date so many days after 1970-01-01.
    init(dayNumber: Int64) {
        // years that begin in March end with the leap day; 719,468 days lie from 0000-03-01 to 1970-01-01
        let days = dayNumber + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let ofEra = days - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * ofYear + 2) / 153
        day = ofYear - (153 * fromMarch + 2) / 5 + 1
        month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days after 1970-01-01.
    var dayNumber: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let fromMarch = month > 2 ? month - 3 : month + 9
        let ofYear = (153 * fromMarch + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }

    /// The first day of the period around it.
    func start(of period: CalendarPeriod) -> Self {
        var date = self
        if period != .day { date.day = 1 }
        if period == .year { date.month = 1 }
        return date
    }

    /// The first day of the period after the one that begins on it.
    func next(_ period: CalendarPeriod) -> Self {
        var date = self
        switch period {
        case .day: return CivilDate(dayNumber: dayNumber + 1)
        case .month where month < 12: date.month += 1
        case .month:
            date.month = 1
            date.year += 1
        case .year: date.year += 1
        }
        return date
    }
}
