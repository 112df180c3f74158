// Files of the cache: in a folder with any name, whole or not at all, and never an error.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif

#include "common/cache_file.h"
#include "common/disk.h"

namespace fs = std::filesystem;
using namespace snn;

namespace {

// SNN_CACHE is another folder as long as it lives.
class OtherCache {
public:
    explicit OtherCache(const fs::path& folder) : before_(fs::u8path(environment_variable("SNN_CACHE"))) { set(folder); }
    ~OtherCache() { set(before_); }
    OtherCache(const OtherCache&) = delete;
    OtherCache& operator=(const OtherCache&) = delete;

private:
    static void set(const fs::path& folder) {
#if defined(_WIN32)
        SetEnvironmentVariableW(L"SNN_CACHE", folder.c_str());
#else
        setenv("SNN_CACHE", folder.c_str(), 1);
#endif
    }
    fs::path before_;
};

size_t files_in(const fs::path& folder) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("the cache may lie in a folder whose name is not ASCII") {
    const fs::path folder = fs::current_path() / fs::path(u"cache \u00e9\u4e2d\u03b1");
    fs::remove_all(folder);
    const OtherCache cache(folder);
    CHECK(read_cache_file("speeds.json", 100).empty());
    write_cache_file("speeds.json", "first");
    write_cache_file("speeds.json", std::string("a\0b", 3));
    CHECK(read_cache_file("speeds.json", 100) == std::string("a\0b", 3));
    CHECK(read_cache_file("speeds.json", 2).empty());
    CHECK(fs::exists(folder / "speeds.json"));
    CHECK(files_in(folder) == 1);
    fs::remove_all(folder);
}

TEST_CASE("a cache that is written by many threads at once is one of what they wrote") {
    const fs::path folder = fs::current_path() / "cache_of_many";
    fs::remove_all(folder);
    const OtherCache cache(folder);
    std::vector<std::thread> threads;
    for (char letter = 'a'; letter < 'e'; ++letter)
        threads.emplace_back([letter] {
            for (int i = 0; i < 10; ++i) write_cache_file("pipelines", std::string(20000, letter));
        });
    for (std::thread& thread : threads) thread.join();
    const std::string content = read_cache_file("pipelines", 100000);
    CHECK(content.size() == 20000);
    CHECK(content == std::string(20000, content[0]));
    CHECK(files_in(folder) == 1);
    fs::remove_all(folder);
}

TEST_CASE("where nothing can be written nothing is said") {
    const fs::path file = fs::current_path() / "no_folder";
    std::ofstream(file) << "a file";
    {
        const OtherCache cache(file);
        write_cache_file("speeds.json", "lost");
        CHECK(read_cache_file("speeds.json", 100).empty());
    }
    {
        const OtherCache cache(file / "deeper" / "still");
        write_cache_file("speeds.json", "lost");
        CHECK(read_cache_file("speeds.json", 100).empty());
    }
    fs::remove(file);
}
