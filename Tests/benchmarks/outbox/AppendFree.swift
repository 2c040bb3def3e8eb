import Glibc
import Numbering
import Outbox

/// Appends records and frees those of the transaction before, over and over.
///
///     AppendFree FILE TRANSACTIONS RECORDS PAYLOADS [FREE]
///
/// Each transaction holds RECORDS lines of the file PAYLOADS, taken in turn. With FREE = 0 nothing is
/// freed. Prints one JSON object.
@main enum AppendFree {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count >= 5, let transactions = Int(words[2]), let each = Int(words[3]),
            let text = read(words[4])
        else { fatalError("usage: AppendFree FILE TRANSACTIONS RECORDS PAYLOADS [FREE]") }
        let frees = words.count < 6 || words[5] != "0"
        let payloads = text.split(separator: 0x0A).map { Array($0) }
        let outbox = try Outbox(
            path: words[1], budgetBytes: 64 << 30, wallMilliseconds: 1_700_000_000_000)
        var times: [Int64] = []
        var acknowledged = SequenceRanges()
        var bytes = 0
        let begin = now()
        for round in 0..<transactions {
            let records = (0..<each).map {
                OutboxRecord(
                    .telemetry, wallMilliseconds: 1_700_000_000_000,
                    payload: payloads[(round * each + $0) % payloads.count])
            }
            bytes += records.reduce(0) { $0 + $1.payload.count }
            let start = now()
            let stored = try outbox.append(records, freeing: &acknowledged)
            times.append(now() - start)
            if frees, let stored { acknowledged.insert(stored) }
        }
        let seconds = Double(now() - begin) / 1e9
        try outbox.free(&acknowledged)
        times.sort()
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let cpu =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        print(
            "{\"rows_s\":\(Double(transactions * each) / seconds),\"p50_us\":\(Double(times[times.count / 2]) / 1e3),"
                + "\"cpu_us_row\":\(cpu * 1e6 / Double(transactions * each)),\"payload_bytes\":\(bytes)}"
        )
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
