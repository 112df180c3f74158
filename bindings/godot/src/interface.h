/* interface.h - what this extension needs of Godot's extension interface (GDExtension, 4.3 and newer), declared here so that it builds
 * without Godot. Names follow the interface's documentation; layouts and numbers are those of its version 4.3, which later 4.x
 * versions keep. Every function is asked for by name; tests/bindings/godot offers them as Godot does.
 *
 * Sizes are those of 64-bit builds with single precision: String, StringName, Ref 8 bytes, packed arrays 16, Variant 24.
 */
#ifndef SNN_GODOT_INTERFACE_H
#define SNN_GODOT_INTERFACE_H

#include <stddef.h>
#include <stdint.h>

typedef void *GodotObject;
typedef void (*GodotFunction)(void);
typedef GodotFunction (*GodotGetFunction)(const char *name);

enum { /* types of a Variant */
    GODOT_NIL = 0, GODOT_BOOL = 1, GODOT_INT = 2, GODOT_FLOAT = 3, GODOT_STRING = 4, GODOT_STRING_NAME = 21, GODOT_RID = 23,
    GODOT_OBJECT = 24, GODOT_ARRAY = 28, GODOT_BYTES = 29, GODOT_INTS = 30, GODOT_FLOATS = 32, GODOT_STRINGS = 34
};
enum { GODOT_CALL_OK = 0, GODOT_CALL_INVALID_ARGUMENT = 2, GODOT_CALL_TOO_MANY = 3, GODOT_CALL_TOO_FEW = 4 };
enum { GODOT_LEVEL_SCENE = 2, GODOT_LEVEL_EDITOR = 3 };
enum { GODOT_METHOD_NORMAL = 1, GODOT_METHOD_CONST = 4 };
enum { GODOT_HINT_NONE = 0, GODOT_HINT_RANGE = 1, GODOT_HINT_ENUM = 2, GODOT_HINT_RESOURCE_TYPE = 17 };
enum { GODOT_USAGE_STORAGE = 2, GODOT_USAGE_DEFAULT = 6, GODOT_USAGE_ENUM = 1 << 16 };

typedef struct GodotCallError {
    int32_t error, argument, expected;
} GodotCallError;

typedef struct GodotPropertyInfo {
    int32_t type;
    void *name, *class_name; /* StringName */
    uint32_t hint;
    void *hint_string; /* String */
    uint32_t usage;
} GodotPropertyInfo;

typedef void (*GodotVirtual)(void *instance, const void *const *arguments, void *out_result);

typedef struct GodotClassInfo { /* of classdb_register_extension_class3 */
    uint8_t is_virtual, is_abstract, is_exposed, is_runtime;
    void *set, *get, *get_property_list, *free_property_list, *can_revert, *get_revert, *validate_property, *notification, *to_string,
        *reference, *unreference;
    GodotObject (*create)(void *user);
    void (*free)(void *user, void *instance);
    void *recreate;
    GodotVirtual (*get_virtual)(void *user, const void *name);
    void *get_virtual_data, *call_virtual_with_data, *get_rid;
    void *user;
} GodotClassInfo;

typedef struct GodotMethodInfo {
    void *name; /* StringName */
    void *user;
    void (*call)(void *user, void *instance, const void *const *arguments, int64_t count, void *out_result,
                 GodotCallError *out_error); /* Variants */
    void (*pointer_call)(void *user, void *instance, const void *const *arguments, void *out_result); /* values */
    uint32_t flags;
    uint8_t has_result;
    GodotPropertyInfo *result;
    int32_t result_metadata;
    uint32_t argument_count;
    GodotPropertyInfo *arguments;
    int32_t *argument_metadata;
    uint32_t default_count;
    void **defaults;
} GodotMethodInfo;

typedef struct GodotBindingCallbacks {
    void *(*create)(void *token, void *object);
    void (*free)(void *token, void *object, void *binding);
    uint8_t (*reference)(void *token, void *binding, uint8_t reference);
} GodotBindingCallbacks;

typedef struct GodotInitialization {
    int32_t minimum_level;
    void *user;
    void (*initialize)(void *user, int32_t level);
    void (*deinitialize)(void *user, int32_t level);
} GodotInitialization;

typedef void (*GodotConstructor)(void *out_value, const void *const *arguments);
typedef void (*GodotDestructor)(void *value);
typedef void (*GodotBuiltinMethod)(void *value, const void *const *arguments, void *out_result, int32_t count);
typedef void (*GodotConvert)(void *out, void *in); /* between a Variant and a value */

/* X(member, name in Godot, result, arguments) */
#define SNN_GODOT_FUNCTIONS(X)                                                                                                  \
    X(print_error, "print_error", void,                                                                                         \
      (const char *description, const char *function, const char *file, int32_t line, uint8_t notify))                          \
    X(variant_destroy, "variant_destroy", void, (void *variant))                                                                \
    X(variant_type, "variant_get_type", int32_t, (const void *variant))                                                         \
    X(variant_call, "variant_call", void,                                                                                       \
      (void *variant, const void *method, const void *const *arguments, int64_t count, void *out_result,                        \
       GodotCallError *out_error))                                                                                              \
    X(to_variant, "get_variant_from_type_constructor", GodotConvert, (int32_t type))                                            \
    X(from_variant, "get_variant_to_type_constructor", GodotConvert, (int32_t type))                                            \
    X(constructor, "variant_get_ptr_constructor", GodotConstructor, (int32_t type, int32_t which))                              \
    X(destructor, "variant_get_ptr_destructor", GodotDestructor, (int32_t type))                                                \
    X(builtin_method, "variant_get_ptr_builtin_method", GodotBuiltinMethod, (int32_t type, const void *name, int64_t hash))     \
    X(string_name, "string_name_new_with_utf8_chars", void, (void *out_name, const char *text))                                 \
    X(string, "string_new_with_utf8_chars", void, (void *out_string, const char *text))                                         \
    X(string_text, "string_to_utf8_chars", int64_t, (const void *string, char *out_text, int64_t capacity))                     \
    X(bytes_at, "packed_byte_array_operator_index", uint8_t *, (void *array, int64_t index))                                    \
    X(ints_at, "packed_int32_array_operator_index", int32_t *, (void *array, int64_t index))                                    \
    X(floats_at, "packed_float32_array_operator_index", float *, (void *array, int64_t index))                                  \
    X(strings_at, "packed_string_array_operator_index", void *, (void *array, int64_t index))                                   \
    X(strings_at_const, "packed_string_array_operator_index_const", const void *, (const void *array, int64_t index))           \
    X(bytes_at_const, "packed_byte_array_operator_index_const", const uint8_t *, (const void *array, int64_t index))            \
    X(floats_at_const, "packed_float32_array_operator_index_const", const float *, (const void *array, int64_t index))          \
    X(singleton, "global_get_singleton", GodotObject, (const void *name))                                                       \
    X(construct_object, "classdb_construct_object", GodotObject, (const void *class_name))                                      \
    X(destroy_object, "object_destroy", void, (GodotObject object))                                                             \
    X(set_instance, "object_set_instance", void, (GodotObject object, const void *class_name, void *instance))                  \
    X(set_binding, "object_set_instance_binding", void,                                                                         \
      (GodotObject object, void *token, void *binding, const GodotBindingCallbacks *callbacks))                                 \
    X(get_binding, "object_get_instance_binding", void *,                                                                       \
      (GodotObject object, void *token, const GodotBindingCallbacks *callbacks))                                                \
    X(instance_id, "object_get_instance_id", uint64_t, (GodotObject object))                                                    \
    X(object_of, "object_get_instance_from_id", GodotObject, (uint64_t instance_id))                                            \
    X(set_typed, "array_set_typed", void, (void *array, int32_t type, const void *class_name, const void *script))              \
    X(ref_set, "ref_set_object", void, (void *ref, GodotObject object))                                                         \
    X(method_bind, "classdb_get_method_bind", void *, (const void *class_name, const void *method, int64_t hash))               \
    X(call_method_bind, "object_method_bind_ptrcall", void,                                                                     \
      (void *bind, GodotObject object, const void *const *arguments, void *out_result))                                         \
    X(register_class, "classdb_register_extension_class3", void,                                                                \
      (void *library, const void *name, const void *parent, const GodotClassInfo *info))                                        \
    X(register_method, "classdb_register_extension_class_method", void,                                                         \
      (void *library, const void *class_name, const GodotMethodInfo *info))                                                     \
    X(register_property, "classdb_register_extension_class_property", void,                                                     \
      (void *library, const void *class_name, const GodotPropertyInfo *info, const void *setter, const void *getter))           \
    X(register_signal, "classdb_register_extension_class_signal", void,                                                         \
      (void *library, const void *class_name, const void *signal, const GodotPropertyInfo *arguments, int64_t count))           \
    X(register_constant, "classdb_register_extension_class_integer_constant", void,                                             \
      (void *library, const void *class_name, const void *enum_name, const void *constant, int64_t value, uint8_t is_bitfield)) \
    X(unregister_class, "classdb_unregister_extension_class", void, (void *library, const void *name))                          \
    X(load_help, "editor_help_load_xml_from_utf8_chars", void, (const char *xml))

#endif
