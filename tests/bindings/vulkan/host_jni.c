/* host.cpp for Java: the class snn.VulkanTestHost. */
#include <jni.h>
#include <stdint.h>

void test_host_open(uint64_t out_handles[6]);
void test_host_close(void);
uint64_t test_host_begin(void);
void test_host_submit(uint64_t command_buffer);
int32_t test_host_queue_submit(const void *submit_info, uint64_t fence);
uint64_t test_host_make_buffer(uint64_t size_bytes);
float test_host_get(uint64_t buffer, uint64_t index);
void test_host_set(uint64_t buffer, uint64_t index, float value);
uint64_t test_host_make_semaphore(void);
void test_host_signal(uint64_t semaphore);
void test_host_wait(uint64_t semaphore);
uint64_t test_host_plan_hash(const char *path);

#define FUNCTION(type, name, ...) \
    JNIEXPORT type JNICALL Java_snn_VulkanTestHost_##name(JNIEnv *env, jclass self, ##__VA_ARGS__)
#define UNUSED (void)env, (void)self

FUNCTION(void, open, jlongArray handles) {
    uint64_t found[6];
    (void)self;
    test_host_open(found);
    (*env)->SetLongArrayRegion(env, handles, 0, 6, (const jlong *)found);
}
FUNCTION(void, close) {
    UNUSED;
    test_host_close();
}
FUNCTION(jlong, begin) {
    UNUSED;
    return (jlong)test_host_begin();
}
FUNCTION(void, submit, jlong command_buffer) {
    UNUSED;
    test_host_submit((uint64_t)command_buffer);
}
FUNCTION(jint, queueSubmit, jlong submit_info, jlong fence) {
    UNUSED;
    return test_host_queue_submit((const void *)(intptr_t)submit_info, (uint64_t)fence);
}
FUNCTION(jlong, makeBuffer, jlong size_bytes) {
    UNUSED;
    return (jlong)test_host_make_buffer((uint64_t)size_bytes);
}
FUNCTION(jfloat, get, jlong buffer, jlong index) {
    UNUSED;
    return test_host_get((uint64_t)buffer, (uint64_t)index);
}
FUNCTION(void, set, jlong buffer, jlong index, jfloat value) {
    UNUSED;
    test_host_set((uint64_t)buffer, (uint64_t)index, value);
}
FUNCTION(jlong, makeSemaphore) {
    UNUSED;
    return (jlong)test_host_make_semaphore();
}
FUNCTION(void, signal, jlong semaphore) {
    UNUSED;
    test_host_signal((uint64_t)semaphore);
}
FUNCTION(void, await, jlong semaphore) {
    UNUSED;
    test_host_wait((uint64_t)semaphore);
}
FUNCTION(jlong, planHash, jstring path) {
    const char *text = (*env)->GetStringUTFChars(env, path, NULL);
    const uint64_t hash = test_host_plan_hash(text);
    (void)self;
    (*env)->ReleaseStringUTFChars(env, path, text);
    return (jlong)hash;
}
