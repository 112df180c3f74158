#include "common/disk.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

#include "common/error.h"

namespace snn {

namespace {

constexpr const char* became_shorter = "the file became shorter while it was read";

#if defined(_WIN32)

// Paths are UTF-8 in our interface and UTF-16 on Windows, whose char functions would expect a code page instead.
std::wstring wide(const std::string& path) {
    const int size = static_cast<int>(path.size());
    const int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), size, nullptr, 0);
    if (length <= 0 && size > 0) throw Error(SNN_ERROR_IO, "cannot open '", path, "': the path is not UTF-8");
    std::wstring converted(static_cast<size_t>(length), L'\0');
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), size, converted.data(), length);
    return converted;
}

std::string system_message(DWORD error) { return std::system_category().message(static_cast<int>(error)); }

void close_descriptor(int descriptor) { _close(descriptor); }
void remove_file(const std::string& path) { DeleteFileW(wide(path).c_str()); }

// Whether there is something with this attribute, FILE_ATTRIBUTE_*.
bool has_attribute(const std::string& path, DWORD attribute) {
    const DWORD attributes = GetFileAttributesW(wide(path).c_str());
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & attribute) != 0;
}

#else

void close_descriptor(int descriptor) { close(descriptor); }
void remove_file(const std::string& path) { std::remove(path.c_str()); }

const char* kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a named pipe";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
    return "something else";
}

// Follows symbolic links of the path's last part, even if they lead to no file. If that fails, the link stays in the result:
// creating the file will then report what is wrong.
std::string without_links(const std::string& path) {
    std::string place = path;
    for (int links = 0; links < 40; ++links) {  // the limit that Linux has
        char target[4096];
        const ssize_t length = readlink(place.c_str(), target, sizeof target);
        if (length <= 0 || static_cast<size_t>(length) == sizeof target) break;  // in most cases: not a link
        const size_t slash = place.find_last_of('/');
        place.resize(target[0] == '/' || slash == std::string::npos ? 0 : slash + 1);
        place.append(target, static_cast<size_t>(length));
    }
    return place;
}

#endif

}  // namespace

// ---- Reading --------------------------------------------------------------------------------------------------------

#if defined(_WIN32)

FileSource::FileSource(const std::string& path) {
    if (has_attribute(path, FILE_ATTRIBUTE_DIRECTORY))
        throw Error(SNN_ERROR_IO, "cannot read '", path, "': it is a folder, not a regular file");
    // While a file is replaced, it cannot be opened for a moment. N: child processes do not inherit it.
    const std::wstring wide_path = wide(path);
    for (DWORD wait_ms = 1; !(file_ = _wfopen(wide_path.c_str(), L"rbN")); wait_ms *= 2) {
        const int reason = errno;
        if (reason != EACCES || wait_ms > 128)
            throw Error(SNN_ERROR_IO, "cannot open '", path, "': ", std::strerror(reason));
        Sleep(wait_ms);
    }
    LARGE_INTEGER size{};
    const HANDLE handle = reinterpret_cast<HANDLE>(_get_osfhandle(_fileno(file_)));
    if (GetFileType(handle) != FILE_TYPE_DISK || !GetFileSizeEx(handle, &size)) {
        std::fclose(file_);
        throw Error(SNN_ERROR_IO, "cannot read '", path, "': it is a device, not a regular file");
    }
    size_ = static_cast<uint64_t>(size.QuadPart);
}

FileSource::~FileSource() { std::fclose(file_); }

void FileSource::read(uint64_t offset, void* out, size_t size) const {
    if (_fseeki64(file_, static_cast<long long>(offset), SEEK_SET) != 0 || std::fread(out, 1, size, file_) != size)
        throw Error(SNN_ERROR_IO, std::ferror(file_) ? "the file cannot be read" : became_shorter);
}

#else

FileSource::FileSource(const std::string& path) {
    // O_NONBLOCK: otherwise opening a pipe would wait for a writer. It has no effect on regular files.
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor_ < 0) throw Error(SNN_ERROR_IO, "cannot open '", path, "': ", std::strerror(errno));
    struct stat status{};
    const int reason = fstat(descriptor_, &status) == 0 ? 0 : errno;
    if (reason == 0 && S_ISREG(status.st_mode)) {
        size_ = static_cast<uint64_t>(status.st_size);
        return;
    }
    close(descriptor_);
    if (reason != 0) throw Error(SNN_ERROR_IO, "cannot read '", path, "': ", std::strerror(reason));
    throw Error(SNN_ERROR_IO, "cannot read '", path, "': it is ", kind_of(status.st_mode), ", not a regular file");
}

FileSource::~FileSource() { close(descriptor_); }

void FileSource::read(uint64_t offset, void* out, size_t size) const {
    unsigned char* position = static_cast<unsigned char*>(out);
    while (size > 0) {
        // At most 1 GiB at once: some systems refuse more.
        const ssize_t got = pread(descriptor_, position, std::min(size, size_t{1} << 30), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw Error(SNN_ERROR_IO, "the file cannot be read: ", std::strerror(errno));
        if (got == 0) throw Error(SNN_ERROR_IO, became_shorter);
        position += got;
        offset += static_cast<uint64_t>(got);
        size -= static_cast<size_t>(got);
    }
}

#endif

// ---- Writing --------------------------------------------------------------------------------------------------------

AtomicFile::AtomicFile(const std::string& path) : path_(path), place_(path) {
#if defined(_WIN32)
    if (has_attribute(path, FILE_ATTRIBUTE_DIRECTORY))
        throw Error(SNN_ERROR_IO, "cannot save to '", path, "': it is a folder, not a regular file");
    if (has_attribute(path, FILE_ATTRIBUTE_READONLY))
        throw Error(SNN_ERROR_IO, "cannot save to '", path, "': the file is write-protected");
#else
    struct stat old{};
    if (stat(path.c_str(), &old) == 0) {
        if (!S_ISREG(old.st_mode))
            throw Error(SNN_ERROR_IO, "cannot save to '", path, "': it is ", kind_of(old.st_mode), ", not a regular file");
        replaces_ = true;
        permissions_ = old.st_mode & 0777;
    } else if (errno != ENOENT) {
        fail("cannot create", errno);
    }
    place_ = without_links(path);
#endif
    create();
}

// Creates the temporary file under a name that no other thread or process uses. O_EXCL reports a name that is taken: by a file
// that a killed process left, or by a machine that shares the folder and has the same process number.
void AtomicFile::create() {
    static std::atomic<uint64_t> next_number{0};
    for (int attempts = 0; attempts < 1000 && !file_; ++attempts) {
        const uint64_t number = next_number.fetch_add(1, std::memory_order_relaxed);
#if defined(_WIN32)
        std::string name = text(place_, ".saving", GetCurrentProcessId(), "_", number);
        // Not fopen with "x": the older C library of Windows does not have it.
        const int descriptor = _wopen(wide(name).c_str(), _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT,
                                      _S_IREAD | _S_IWRITE);
#else
        std::string name = text(place_, ".saving", getpid(), "_", number);
        // The permissions are never wider than those of the file it replaces, not even while it is written.
        const int descriptor = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                    static_cast<mode_t>(replaces_ ? permissions_ : 0666));
#endif
        if (descriptor < 0) {
            if (errno != EEXIST) fail("cannot create", errno);
            continue;
        }
#if defined(_WIN32)
        file_ = _fdopen(descriptor, "wb");
#else
        // Restores the bits that the process's umask removed. A file system without permissions may refuse.
        if (replaces_) (void)fchmod(descriptor, static_cast<mode_t>(permissions_));
        file_ = fdopen(descriptor, "wb");
#endif
        if (!file_) {
            const int reason = errno;
            close_descriptor(descriptor);
            remove_file(name);
            fail("cannot create", reason);
        }
        temporary_ = std::move(name);
    }
    if (!file_) fail("cannot create a file beside", EEXIST);
}

AtomicFile::~AtomicFile() {
    if (file_) std::fclose(file_);
    if (!temporary_.empty()) remove_file(temporary_);
}

void AtomicFile::write(const void* data, size_t size) {
    if (size > 0 && std::fwrite(data, 1, size, file_) != size) fail("cannot write", errno);
}

void AtomicFile::commit() {
    if (std::fflush(file_) != 0) fail("cannot write", errno);
#if defined(_WIN32)
    if (_commit(_fileno(file_)) != 0) fail("cannot write", errno);
#else
    if (fsync(fileno(file_)) != 0) fail("cannot write", errno);
#endif
    std::FILE* const file = file_;
    file_ = nullptr;
    if (std::fclose(file) != 0) fail("cannot write", errno);
#if defined(_WIN32)
    // A file that is open elsewhere cannot be replaced. Virus scanners, indexers and other saving threads soon close it.
    const std::wstring from = wide(temporary_), to = wide(place_);
    for (DWORD wait_ms = 1; !MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
         wait_ms *= 2) {
        const DWORD reason = GetLastError();
        const bool may_pass = reason == ERROR_ACCESS_DENIED || reason == ERROR_SHARING_VIOLATION;
        if (!may_pass || wait_ms > 128)
            throw Error(SNN_ERROR_IO, "cannot replace '", path_, "': ", system_message(reason));
        Sleep(wait_ms);
    }
    temporary_.clear();
#else
    if (std::rename(temporary_.c_str(), place_.c_str()) != 0) fail("cannot replace", errno);
    temporary_.clear();
    // Make the new name durable as well. If the file system cannot sync a folder, the renaming is still done.
    const size_t slash = place_.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : place_.substr(0, slash + 1);
    if (const int descriptor = open(folder.c_str(), O_RDONLY | O_CLOEXEC); descriptor >= 0) {
        (void)fsync(descriptor);
        close(descriptor);
    }
#endif
}

void AtomicFile::fail(const char* what, int reason) const {
    throw Error(SNN_ERROR_IO, what, " '", path_, "': ", std::strerror(reason));
}

// ---- Folders and the environment ------------------------------------------------------------------------------------

#if defined(_WIN32)

void make_folder(const std::string& path) { CreateDirectoryW(wide(path).c_str(), nullptr); }

std::string environment_variable(const char* name) {
    const std::wstring wide_name = wide(name);
    std::wstring value(GetEnvironmentVariableW(wide_name.c_str(), nullptr, 0), L'\0');  // the size includes the final 0
    value.resize(GetEnvironmentVariableW(wide_name.c_str(), value.data(), static_cast<DWORD>(value.size())));
    const int size = static_cast<int>(value.size());
    std::string bytes(static_cast<size_t>(WideCharToMultiByte(CP_UTF8, 0, value.data(), size, nullptr, 0, nullptr, nullptr)),
                      '\0');
    WideCharToMultiByte(CP_UTF8, 0, value.data(), size, bytes.data(), static_cast<int>(bytes.size()), nullptr, nullptr);
    return bytes;
}

#else

void make_folder(const std::string& path) { (void)mkdir(path.c_str(), 0700); }

std::string environment_variable(const char* name) {
    const char* const value = std::getenv(name);
    return value ? value : "";
}

#endif

}  // namespace snn
