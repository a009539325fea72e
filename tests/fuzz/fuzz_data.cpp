// A data track's file, read by any record: 24 bytes of record, then the file.

#include "fuzz/memory_file.h"
#include "take/data_file.h"

#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace onetake;
    static MemoryFile file;
    struct {
        std::uint64_t offset, bytes;
        std::uint32_t crc, unused;
    } head;
    if (size < sizeof head) return 0;
    std::memcpy(&head, data, sizeof head);
    const std::span<const std::uint8_t> content(data + sizeof head, size - sizeof head);
    const DataFileReader reader(file.with(content), "fuzz");
    DataRecord record;
    record.offset = head.offset;
    record.bytes = head.bytes;
    record.crc = head.crc;
    std::vector<std::uint8_t> bytes;
    if (reader.read(record, bytes) && (bytes.size() != record.bytes || !reader.reaches(record))) std::abort();
    // What lies in the file is read, by a record that fits.
    record.offset = content.empty() ? 0 : head.offset % content.size();
    record.bytes = content.size() - record.offset;
    record.crc = data_crc(content.subspan(record.offset));
    if (reader.read(record, bytes).has_value() != (record.bytes <= kLargestData)) std::abort();
    return 0;
}
