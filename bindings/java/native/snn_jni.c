/* snn_jni.c - what the Java binding needs beside the functions of snn.h: memory, and the functions that libsnn calls.
 *
 * A session's `user` pointer is a weak global reference to its snn.Hooks; callbacks arrive on the thread that calls into the
 * session, which is a Java thread (those of a Vulkan queue excepted). Methods of Hooks catch everything that is thrown, so nothing is pending when C goes on. */
#include <jni.h>
#include <snn/snn.h>

#include <stdint.h>
#include <string.h>

static JavaVM *vm;
static jmethodID on_spikes, on_weights, on_epoch, on_log, on_parallel_for, on_progress, on_lock_queue, on_unlock_queue, on_submit;

static int find_methods(JNIEnv *env) {
    const jclass hooks = (*env)->FindClass(env, "snn/Hooks");
    if (!hooks) return 0;
    on_spikes = (*env)->GetMethodID(env, hooks, "onSpikes", "(IIJJI)V");
    on_weights = on_spikes ? (*env)->GetMethodID(env, hooks, "onWeights", "(IJD)V") : NULL;
    on_epoch = on_weights ? (*env)->GetMethodID(env, hooks, "onEpoch", "(JJJD)V") : NULL;
    on_log = on_epoch ? (*env)->GetMethodID(env, hooks, "onLog", "(IJ)V") : NULL;
    on_parallel_for = on_log ? (*env)->GetMethodID(env, hooks, "onParallelFor", "(IJJ)V") : NULL;
    on_progress = on_parallel_for ? (*env)->GetMethodID(env, hooks, "onProgress", "(JJ)Z") : NULL;
    on_lock_queue = on_progress ? (*env)->GetMethodID(env, hooks, "onLockQueue", "()V") : NULL;
    on_unlock_queue = on_lock_queue ? (*env)->GetMethodID(env, hooks, "onUnlockQueue", "()V") : NULL;
    on_submit = on_unlock_queue ? (*env)->GetMethodID(env, hooks, "onSubmit", "(JJ)I") : NULL;
    (*env)->DeleteLocalRef(env, hooks);
    return on_submit != NULL;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *loading, void *reserved) {
    JNIEnv *env = NULL;
    (void)reserved;
    vm = loading;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_9) != JNI_OK || !find_methods(env)) return JNI_ERR;
    return JNI_VERSION_9;
}

/* The hooks of a session, or null when they were collected. Release the local reference. */
static jobject hooks_of(void *user, JNIEnv **out_env) {
    *out_env = NULL;
    if ((*vm)->GetEnv(vm, (void **)out_env, JNI_VERSION_9) != JNI_OK) return NULL;
    return (**out_env)->NewLocalRef(*out_env, (jweak)user);
}

static void done(JNIEnv *env, jobject hooks) {
    /* Only what no catch of Java's can keep, such as a stack that is full once more. */
    if ((*env)->ExceptionCheck(env)) (*env)->ExceptionClear(env);
    (*env)->DeleteLocalRef(env, hooks);
}

static void SNN_CALL spikes_function(SNNHandle handle, const SNNSpikes *spikes, void *user) {
    JNIEnv *env;
    const jobject hooks = hooks_of(user, &env);
    (void)handle;
    if (!hooks) return;
    (*env)->CallVoidMethod(env, hooks, on_spikes, (jint)spikes->population, (jint)spikes->sample, (jlong)spikes->step,
                           (jlong)(intptr_t)spikes->neurons, (jint)spikes->count);
    done(env, hooks);
}

static void SNN_CALL weights_function(SNNHandle handle, const SNNWeightUpdate *update, void *user) {
    JNIEnv *env;
    const jobject hooks = hooks_of(user, &env);
    (void)handle;
    if (!hooks) return;
    (*env)->CallVoidMethod(env, hooks, on_weights, (jint)update->projection, (jlong)update->update,
                           (jdouble)update->gradient_norm);
    done(env, hooks);
}

static void SNN_CALL epoch_function(SNNHandle handle, const SNNEpoch *epoch, void *user) {
    JNIEnv *env;
    const jobject hooks = hooks_of(user, &env);
    (void)handle;
    if (!hooks) return;
    (*env)->CallVoidMethod(env, hooks, on_epoch, (jlong)epoch->epoch, (jlong)epoch->sample_count,
                           (jlong)epoch->correct_count, (jdouble)epoch->mean_loss);
    done(env, hooks);
}

static void SNN_CALL log_function(int32_t level, const char *message, void *user) {
    JNIEnv *env;
    const jobject hooks = hooks_of(user, &env);
    if (!hooks) return;
    (*env)->CallVoidMethod(env, hooks, on_log, (jint)level, (jlong)(intptr_t)message);
    done(env, hooks);
}

typedef void(SNN_CALL *Task)(void *context, uint32_t index);

static void SNN_CALL parallel_for_function(void *user, uint32_t count, Task task, void *context) {
    JNIEnv *env;
    const jobject hooks = hooks_of(user, &env);
    uint32_t i;
    if (!hooks) { /* tasks must be done all the same */
        for (i = 0; i < count; ++i) task(context, i);
        return;
    }
    (*env)->CallVoidMethod(env, hooks, on_parallel_for, (jint)count, (jlong)(intptr_t)task, (jlong)(intptr_t)context);
    done(env, hooks);
}

static int32_t SNN_CALL progress_function(uint64_t steps_done, uint64_t steps_total, void *user) {
    JNIEnv *env;
    const jobject hooks = hooks_of(user, &env);
    jboolean go_on;
    if (!hooks) return 0;
    go_on = (*env)->CallBooleanMethod(env, hooks, on_progress, (jlong)steps_done, (jlong)steps_total);
    if ((*env)->ExceptionCheck(env)) go_on = JNI_FALSE;
    done(env, hooks);
    return go_on ? 0 : 1;
}

/* A session on several devices submits from a thread of libsnn's own, which becomes Java's from lock to unlock, or while the program
 * submits. */
static _Thread_local int attached;

static jobject attach_to_hooks(void *user, JNIEnv **out_env) {
    attached = (*vm)->GetEnv(vm, (void **)out_env, JNI_VERSION_9) == JNI_EDETACHED;
    if (attached) (*vm)->AttachCurrentThreadAsDaemon(vm, (void **)out_env, NULL);
    return hooks_of(user, out_env);
}

static int32_t SNN_CALL submit_function(void *user, const void *submit_info, uint64_t fence) {
    JNIEnv *env;
    const jobject hooks = attach_to_hooks(user, &env);
    const jint not_submitted = 1; /* VK_NOT_READY, no answer of vkQueueSubmit */
    jint result = not_submitted;
    if (hooks) {
        result = (*env)->CallIntMethod(env, hooks, on_submit, (jlong)(intptr_t)submit_info, (jlong)fence);
        if ((*env)->ExceptionCheck(env)) result = not_submitted;
        done(env, hooks);
    }
    if (attached) (*vm)->DetachCurrentThread(vm);
    return result;
}

static void SNN_CALL lock_queue_function(void *user) {
    JNIEnv *env;
    const jobject hooks = attach_to_hooks(user, &env);
    if (!hooks) return;
    (*env)->CallVoidMethod(env, hooks, on_lock_queue);
    done(env, hooks);
}

static void SNN_CALL unlock_queue_function(void *user) {
    JNIEnv *env = NULL;
    const jobject hooks = hooks_of(user, &env);
    if (hooks) {
        (*env)->CallVoidMethod(env, hooks, on_unlock_queue);
        done(env, hooks);
    }
    if (attached) (*vm)->DetachCurrentThread(vm);
}

JNIEXPORT jlong JNICALL Java_snn_Jni_function(JNIEnv *env, jclass self, jint which) {
    (void)env;
    (void)self;
    switch (which) { /* Jni.SPIKES and so on */
    case 0: return (jlong)(intptr_t)spikes_function;
    case 1: return (jlong)(intptr_t)weights_function;
    case 2: return (jlong)(intptr_t)epoch_function;
    case 3: return (jlong)(intptr_t)log_function;
    case 4: return (jlong)(intptr_t)parallel_for_function;
    case 5: return (jlong)(intptr_t)progress_function;
    case 6: return (jlong)(intptr_t)lock_queue_function;
    case 7: return (jlong)(intptr_t)unlock_queue_function;
    case 8: return (jlong)(intptr_t)submit_function;
    default: return 0;
    }
}

JNIEXPORT void JNICALL Java_snn_Jni_runTask(JNIEnv *env, jclass self, jlong task, jlong context, jint index) {
    (void)env;
    (void)self;
    ((Task)(intptr_t)task)((void *)(intptr_t)context, (uint32_t)index);
}

JNIEXPORT jlong JNICALL Java_snn_Jni_address(JNIEnv *env, jclass self, jobject buffer) {
    (void)self;
    return (jlong)(intptr_t)(*env)->GetDirectBufferAddress(env, buffer);
}

JNIEXPORT jobject JNICALL Java_snn_Jni_view(JNIEnv *env, jclass self, jlong address, jlong size_bytes) {
    (void)self;
    return (*env)->NewDirectByteBuffer(env, (void *)(intptr_t)address, size_bytes);
}

JNIEXPORT void JNICALL Java_snn_Jni_copy(JNIEnv *env, jclass self, jlong from, jlong to, jlong size_bytes) {
    (void)env;
    (void)self;
    memcpy((void *)(intptr_t)to, (const void *)(intptr_t)from, (size_t)size_bytes);
}

JNIEXPORT jlong JNICALL Java_snn_Jni_length(JNIEnv *env, jclass self, jlong text) {
    (void)env;
    (void)self;
    return (jlong)strlen((const char *)(intptr_t)text);
}

JNIEXPORT jlong JNICALL Java_snn_Jni_newWeak(JNIEnv *env, jclass self, jobject hooks) {
    (void)self;
    return (jlong)(intptr_t)(*env)->NewWeakGlobalRef(env, hooks);
}

JNIEXPORT void JNICALL Java_snn_Jni_deleteWeak(JNIEnv *env, jclass self, jlong weak) {
    (void)self;
    (*env)->DeleteWeakGlobalRef(env, (jweak)(intptr_t)weak);
}
