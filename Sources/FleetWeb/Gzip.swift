internal import CZlib

/// Packs bytes by gzip.
enum Gzip {
    /// The packed bytes; nil when they are not smaller, or zlib has no memory.
    static func packed(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // 15 bits of window, and 16 for the head and the foot of gzip instead of zlib's
        let start = deflateInit2_(
            &stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, zlibVersion(),
            Int32(MemoryLayout<z_stream>.size))
        guard start == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let room = Int(deflateBound(&stream, UInt(bytes.count)))
        let packed = [UInt8](unsafeUninitializedCapacity: room) { output, used in
            let code = bytes.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(room)
                return deflate(&stream, Z_FINISH)
            }
            used = code == Z_STREAM_END ? room - Int(stream.avail_out) : 0
        }
        return !packed.isEmpty && packed.count < bytes.count ? packed : nil
    }
}
