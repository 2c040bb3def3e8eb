import History

/// The columns of samples that history keeps, and where they go.
enum HistorySampleRows {
    /// Of the bank of a gateway (1), from a time (2) until before another (3), by time alone.
    ///
    /// Whoever reads a whole span puts those of one time in order (``OrderedSamples``): they are rare, and a
    /// sort by all three would copy each row.
    static let bank = ofBank + " ORDER BY time_ms"

    /// Of its packs, by time alone too.
    static let packs = pack + " ORDER BY time_ms"

    /// Of the bank, bounded (4).
    static let bankBounded = ofBank + order + " LIMIT ?4"
    /// Of one of its packs (4), bounded (5).
    static let onePackBounded = pack + " AND pack = ?4" + order + " LIMIT ?5"

    private static let ofBank = """
        SELECT time_ms, epoch, seq, voltage_mv, current_ma, power_w, soc_cpct, soh_cpct, full_mah,
        temperature_mean_ddegc, cell_max_mv, cell_min_mv FROM bank_sample
        WHERE gateway = ?1 AND time_ms >= ?2 AND time_ms < ?3
        """
    private static let pack = """
        SELECT time_ms, epoch, seq, voltage_mv, current_ma, soc_cpct, soh_cpct, full_mah, pack,
        status, cycles, cells_mv, probes_ddegc FROM pack_sample
        WHERE gateway = ?1 AND time_ms >= ?2 AND time_ms < ?3
        """
    private static let order = " ORDER BY time_ms, epoch, seq"
}

/// A sample of the bank.
struct HistoryBankRow: RowReadable {
    let sample: HistorySample

    init(from row: inout some RowSource) {
        var sample = HistorySample(
            moment: RecordMoment(time: row.wide(), epoch: row.wide(), sequence: row.wide()))
        sample.millivolts = row.int64()
        sample.milliamperes = row.int64()
        sample.milliwatts = row.int64().map { $0 * 1000 }
        sample.charge = row.int64()
        sample.health = row.int64()
        sample.full = row.int64()
        sample.temperature = row.int64()
        if let high = row.int64(), let low = row.int64(), high >= low { sample.spread = high - low }
        sample.derivePower()
        self.sample = sample
    }
}

/// A sample of a pack.
struct HistoryPackRow: RowReadable {
    let pack: Int32
    let sample: HistorySample

    init(from row: inout some RowSource) {
        var sample = HistorySample(
            moment: RecordMoment(time: row.wide(), epoch: row.wide(), sequence: row.wide()))
        sample.millivolts = row.int64()
        sample.milliamperes = row.int64()
        sample.charge = row.int64()
        sample.health = row.int64()
        sample.full = row.int64()
        pack = row.number()
        sample.isOnline = row.word() == "online"
        sample.cycles = row.int64()
        var (cells, probes) = (ShortStatistics(), ShortStatistics())
        row.eachShort { cells.add($0) }
        row.eachShort { probes.add($0) }
        sample.deriveSpread(cells: cells)
        if probes.count > 0 { sample.temperature = probes.sum / probes.count }
        sample.derivePower()
        self.sample = sample
    }
}
