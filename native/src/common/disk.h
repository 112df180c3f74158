// What a file is on a disk: bytes that are read piece by piece, and a file that is replaced whole. Paths are UTF-8. All that
// differs between operating systems is in disk.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>

namespace snn {

// Bytes in a file or in memory, copied out piece by piece. Nobody else's change of a file can then crash the reader, as it
// would with a mapped one, nor change a byte between its check and its use.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    virtual uint64_t size() const = 0;
    // Copies bytes offset to offset + size - 1, which lie inside. Throws SNN_ERROR_IO when they cannot be read.
    virtual void read(uint64_t offset, void* out, size_t size) const = 0;
};

class MemorySource final : public ByteSource {
public:
    explicit MemorySource(std::span<const unsigned char> bytes) : bytes_(bytes) {}
    uint64_t size() const override { return bytes_.size(); }
    void read(uint64_t offset, void* out, size_t size) const override {
        if (size > 0) std::memcpy(out, bytes_.data() + offset, size);
    }

private:
    std::span<const unsigned char> bytes_;
};

// An open regular file with the size it had when it was opened. Anything else (a folder, a pipe, a device) is refused without
// waiting for it. Thread-safety: one thread.
class FileSource final : public ByteSource {
public:
    explicit FileSource(const std::string& path);
    ~FileSource() override;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;
    uint64_t size() const override { return size_; }
    void read(uint64_t offset, void* out, size_t size) const override;

private:
#if defined(_WIN32)
    std::FILE* file_ = nullptr;
#else
    int descriptor_ = -1;
#endif
    uint64_t size_ = 0;
};

// A file that exists under its final name only when it is complete: it is written under a name of its own beside it, then
// renamed. A symbolic link stays and the file that it leads to is replaced; the permissions of that file stay. (On Windows a
// link is replaced itself.) A path where something other than a regular file is, is refused. Without commit() everything is as
// before.
// Thread-safety: one thread; any number of threads and processes may each write the same path, and the last one to commit wins.
class AtomicFile {
public:
    explicit AtomicFile(const std::string& path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(const void* data, size_t size);
    void commit();

private:
    void create();
    [[noreturn]] void fail(const char* what, int reason) const;

    std::string path_;       // as the caller gave it, for sentences
    std::string place_;      // what is replaced
    std::string temporary_;  // empty once there is none
    std::FILE* file_ = nullptr;
    bool replaces_ = false;
    unsigned permissions_ = 0;  // of the file that is replaced
};

// Makes a folder for this user alone, inside one that there is; silent where it cannot or there is something of that name.
void make_folder(const std::string& path);
// An environment variable, in UTF-8; empty where it is not set.
std::string environment_variable(const char* name);

}  // namespace snn
