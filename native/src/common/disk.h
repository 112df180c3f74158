// Access to files: bytes that are read piece by piece, and a file that is replaced as a whole. Paths are UTF-8. All differences
// between operating systems are in disk.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>

namespace snn {

// Bytes in a file or in memory, copied out piece by piece. So another program that changes the file cannot crash the reader, as
// it could with a mapped file, nor change a byte between its check and its use.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    virtual uint64_t size() const = 0;
    // Copies bytes offset to offset + size - 1, which lie inside. Throws SNN_ERROR_IO if they cannot be read.
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

// A file that appears under its final name only when it is complete: it is written under a temporary name in the same folder,
// then renamed. A symbolic link stays, and the file that it points to is replaced and keeps its permissions. (On Windows the
// link itself is replaced.) A path to anything but a regular file is refused. Without commit() nothing changes.
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

    std::string path_;       // as the caller gave it, for error messages
    std::string place_;      // path of the file that is replaced, after following links
    std::string temporary_;  // empty if there is no temporary file
    std::FILE* file_ = nullptr;
    bool replaces_ = false;
    unsigned permissions_ = 0;  // of the file that is replaced
};

// Makes a folder for this user alone, inside an existing one. Silent if it cannot, or if the name exists already.
void make_folder(const std::string& path);
// An environment variable, in UTF-8; empty if it is not set.
std::string environment_variable(const char* name);

}  // namespace snn
