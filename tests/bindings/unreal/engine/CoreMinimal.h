// Stands in for the part of Unreal that the plug-in uses, so that it is compiled and run without Unreal: the same names and signatures
// as in Unreal's API reference, and as little behaviour as that needs. Text is UTF-8 here.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

using int32 = int32_t;
using int64 = int64_t;
using uint8 = uint8_t;
using TCHAR = char;

#define TEXT(text) text
#define UTF8_TO_TCHAR(text) (text)
#define TCHAR_TO_UTF8(text) (text)

// What the header tool reads or writes.
#define UCLASS(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define USTRUCT(...)
#define GENERATED_BODY()

class FString
{
public:
    FString() = default;
    FString(const char* Text) : Text(Text) {}
    const TCHAR* operator*() const { return Text.c_str(); }
    bool IsEmpty() const { return Text.empty(); }
    bool operator<(const FString& Other) const { return Text < Other.Text; }

private:
    std::string Text;
};

class FName
{
public:
    FName(const TCHAR* Text) : Text(Text) {}
    FString ToString() const { return Text; }

private:
    FString Text;
};

template <class T>
class TArray
{
public:
    TArray() = default;
    TArray(std::initializer_list<T> Given) : Items(Given) {}
    void Add(const T& Item) { Items.push_back(Item); }
    void Append(const T* From, int32 Count) { Items.insert(Items.end(), From, From + Count); }
    void Reset() { Items.clear(); }
    int32 Num() const { return static_cast<int32>(Items.size()); }
    T* GetData() { return Items.data(); }
    const T* GetData() const { return Items.data(); }
    T& operator[](int32 i) { return Items.at(static_cast<std::size_t>(i)); }
    const T& operator[](int32 i) const { return Items.at(static_cast<std::size_t>(i)); }

private:
    std::vector<T> Items;
};

template <class Key, class T>
class TMap
{
public:
    T* Find(const Key& Name)
    {
        const auto Found = Items.find(Name);
        return Found == Items.end() ? nullptr : &Found->second;
    }
    void Add(const Key& Name, const T& Item) { Items[Name] = Item; }
    void Empty() { Items.clear(); }

private:
    std::map<Key, T> Items;
};

#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_ThreeParams(Name, A, a, B, b, C, c) \
    class Name                                                                 \
    {                                                                          \
    public:                                                                    \
        std::vector<std::function<void(A, B, C)>> Bound;                       \
        bool IsBound() const { return !Bound.empty(); }                        \
        void Broadcast(A a, B b, C c) const                                    \
        {                                                                      \
            const auto Copy = Bound;                                           \
            for (const auto& One : Copy) One(a, b, c);                         \
        }                                                                      \
    };

#define DECLARE_DYNAMIC_MULTICAST_DELEGATE(Name)   \
    class Name                                     \
    {                                              \
    public:                                        \
        std::vector<std::function<void()>> Bound;  \
        void Broadcast() const                     \
        {                                          \
            const auto Copy = Bound;               \
            for (const auto& One : Copy) One();    \
        }                                          \
    };

class UObject
{
public:
    virtual ~UObject() = default;
    FString GetPathName() const { return "/Game/Test.Component"; }
};

// The log, for the test to read.
inline std::vector<std::string> Logged;
struct FLogCategory
{
};
#define DECLARE_LOG_CATEGORY_EXTERN(Name, Default, Most) extern FLogCategory Name;
#define DEFINE_LOG_CATEGORY(Name) FLogCategory Name;
__attribute__((format(printf, 1, 2))) inline void WriteLog(const char* Format, ...)
{
    char Line[1000];
    va_list Arguments;
    va_start(Arguments, Format);
    std::vsnprintf(Line, sizeof Line, Format, Arguments);
    va_end(Arguments);
    Logged.push_back(Line);
}
#define UE_LOG(Category, Verbosity, ...) ((void)Category, WriteLog(__VA_ARGS__))
