internal import CZlib

/// Makes payloads small for the disk and whole again.
///
/// A record of a bank repeats itself pack for pack and deflates to a sixth, which a flash card feels:
/// every page of it would be written twice. Small payloads do not repay the work and stay as they
/// are. The deflated form ends with a check sum of the payload, so damage does not pass for data.
final class PayloadCoder {
    /// Payloads below this many bytes stay as they are.
    static let leastBytes = 1024

    /// A larger payload than this is not believed when it is read.
    static let mostBytes = 16 << 20

    private var buffer: [UInt8] = []
    private var deflater: UnsafeMutablePointer<z_stream>?
    private var inflater: UnsafeMutablePointer<z_stream>?

    deinit {
        if let deflater {
            deflateEnd(deflater)
            deflater.deallocate()
        }
        if let inflater {
            inflateEnd(inflater)
            inflater.deallocate()
        }
    }

    /// The payload as it is stored, and its size when it was deflated, otherwise 0.
    func packed(_ payload: [UInt8]) -> (bytes: [UInt8], size: Int64) {
        guard payload.count >= Self.leastBytes, payload.count <= Self.mostBytes,
            let stream = readyDeflater()
        else { return (payload, 0) }
        let room = Int(deflateBound(stream, UInt(payload.count)))
        var count = 0
        let packed = [UInt8](unsafeUninitializedCapacity: room) { output, used in
            payload.withUnsafeBufferPointer { input in
                if Self.run(stream, input, output, { deflate($0, Z_FINISH) }) == Z_STREAM_END {
                    count = room - Int(stream.pointee.avail_out)
                }
            }
            used = count
        }
        return count > 0 && count < payload.count ? (packed, Int64(payload.count)) : (payload, 0)
    }

    /// Lends the payload to `body`; false when the stored bytes are not what they were.
    ///
    /// `size` is the payload's size when it was deflated, otherwise 0.
    func withUnpacked(
        _ stored: UnsafeRawBufferPointer, size: Int64, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        if size == 0 {
            body(stored)
            return true
        }
        guard size > 0, size <= Int64(Self.mostBytes), let stream = readyInflater() else {
            return false
        }
        if buffer.count < Int(size) { buffer = [UInt8](repeating: 0, count: Int(size)) }
        return buffer.withUnsafeMutableBufferPointer { whole in
            let output = UnsafeMutableBufferPointer(rebasing: whole[..<Int(size)])
            let code = stored.withMemoryRebound(to: UInt8.self) { input in
                Self.run(stream, input, output) { inflate($0, Z_FINISH) }
            }
            guard code == Z_STREAM_END, stream.pointee.avail_out == 0 else { return false }
            body(UnsafeRawBufferPointer(output))
            return true
        }
    }

    private static func run(
        _ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafeBufferPointer<UInt8>,
        _ output: UnsafeMutableBufferPointer<UInt8>,
        _ work: (UnsafeMutablePointer<z_stream>) -> Int32
    ) -> Int32 {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        return work(stream)
    }

    /// A window of 16 kB holds a whole record, and costs half the memory of the usual one.
    private func readyDeflater() -> UnsafeMutablePointer<z_stream>? {
        if let deflater {
            deflateReset(deflater)
            return deflater
        }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = deflateInit2_(
            stream, 6, Z_DEFLATED, 14, 7, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            return nil
        }
        deflater = stream
        return stream
    }

    private func readyInflater() -> UnsafeMutablePointer<z_stream>? {
        if let inflater {
            inflateReset(inflater)
            return inflater
        }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = inflateInit2_(stream, 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            return nil
        }
        inflater = stream
        return stream
    }
}
