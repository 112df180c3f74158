// bindings/godot/src/interface.h against the header that a Godot writes (--dump-gdextension-interface); compiling is the test.
#include "gdextension_interface.h"
#include "interface.h"

#define SAME(ours, member, theirs, their_member) \
    static_assert(offsetof(ours, member) == offsetof(theirs, their_member) && sizeof(ours::member) == sizeof(theirs::their_member))

static_assert(sizeof(GodotPropertyInfo) == sizeof(GDExtensionPropertyInfo));
SAME(GodotPropertyInfo, type, GDExtensionPropertyInfo, type);
SAME(GodotPropertyInfo, class_name, GDExtensionPropertyInfo, class_name);
SAME(GodotPropertyInfo, hint, GDExtensionPropertyInfo, hint);
SAME(GodotPropertyInfo, hint_string, GDExtensionPropertyInfo, hint_string);
SAME(GodotPropertyInfo, usage, GDExtensionPropertyInfo, usage);

static_assert(sizeof(GodotClassInfo) == sizeof(GDExtensionClassCreationInfo3));
SAME(GodotClassInfo, is_exposed, GDExtensionClassCreationInfo3, is_exposed);
SAME(GodotClassInfo, is_runtime, GDExtensionClassCreationInfo3, is_runtime);
SAME(GodotClassInfo, create, GDExtensionClassCreationInfo3, create_instance_func);
SAME(GodotClassInfo, free, GDExtensionClassCreationInfo3, free_instance_func);
SAME(GodotClassInfo, recreate, GDExtensionClassCreationInfo3, recreate_instance_func);
SAME(GodotClassInfo, get_virtual, GDExtensionClassCreationInfo3, get_virtual_func);
SAME(GodotClassInfo, user, GDExtensionClassCreationInfo3, class_userdata);

static_assert(sizeof(GodotMethodInfo) == sizeof(GDExtensionClassMethodInfo));
SAME(GodotMethodInfo, user, GDExtensionClassMethodInfo, method_userdata);
SAME(GodotMethodInfo, call, GDExtensionClassMethodInfo, call_func);
SAME(GodotMethodInfo, pointer_call, GDExtensionClassMethodInfo, ptrcall_func);
SAME(GodotMethodInfo, flags, GDExtensionClassMethodInfo, method_flags);
SAME(GodotMethodInfo, has_result, GDExtensionClassMethodInfo, has_return_value);
SAME(GodotMethodInfo, result, GDExtensionClassMethodInfo, return_value_info);
SAME(GodotMethodInfo, result_metadata, GDExtensionClassMethodInfo, return_value_metadata);
SAME(GodotMethodInfo, argument_count, GDExtensionClassMethodInfo, argument_count);
SAME(GodotMethodInfo, arguments, GDExtensionClassMethodInfo, arguments_info);
SAME(GodotMethodInfo, argument_metadata, GDExtensionClassMethodInfo, arguments_metadata);

SAME(GodotCallError, error, GDExtensionCallError, error);
SAME(GodotCallError, argument, GDExtensionCallError, argument);
SAME(GodotCallError, expected, GDExtensionCallError, expected);
SAME(GodotInitialization, minimum_level, GDExtensionInitialization, minimum_initialization_level);
SAME(GodotInitialization, initialize, GDExtensionInitialization, initialize);
SAME(GodotInitialization, deinitialize, GDExtensionInitialization, deinitialize);
SAME(GodotBindingCallbacks, create, GDExtensionInstanceBindingCallbacks, create_callback);
SAME(GodotBindingCallbacks, free, GDExtensionInstanceBindingCallbacks, free_callback);
SAME(GodotBindingCallbacks, reference, GDExtensionInstanceBindingCallbacks, reference_callback);

static_assert(int(GODOT_BOOL) == int(GDEXTENSION_VARIANT_TYPE_BOOL) && int(GODOT_INT) == int(GDEXTENSION_VARIANT_TYPE_INT));
static_assert(int(GODOT_FLOAT) == int(GDEXTENSION_VARIANT_TYPE_FLOAT) && int(GODOT_STRING) == int(GDEXTENSION_VARIANT_TYPE_STRING));
static_assert(int(GODOT_STRING_NAME) == int(GDEXTENSION_VARIANT_TYPE_STRING_NAME));
static_assert(int(GODOT_RID) == int(GDEXTENSION_VARIANT_TYPE_RID) && int(GODOT_OBJECT) == int(GDEXTENSION_VARIANT_TYPE_OBJECT));
static_assert(int(GODOT_ARRAY) == int(GDEXTENSION_VARIANT_TYPE_ARRAY));
static_assert(int(GODOT_BYTES) == int(GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY));
static_assert(int(GODOT_INTS) == int(GDEXTENSION_VARIANT_TYPE_PACKED_INT32_ARRAY));
static_assert(int(GODOT_FLOATS) == int(GDEXTENSION_VARIANT_TYPE_PACKED_FLOAT32_ARRAY));
static_assert(int(GODOT_STRINGS) == int(GDEXTENSION_VARIANT_TYPE_PACKED_STRING_ARRAY));
static_assert(int(GODOT_CALL_INVALID_ARGUMENT) == int(GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT));
static_assert(int(GODOT_CALL_TOO_MANY) == int(GDEXTENSION_CALL_ERROR_TOO_MANY_ARGUMENTS));
static_assert(int(GODOT_CALL_TOO_FEW) == int(GDEXTENSION_CALL_ERROR_TOO_FEW_ARGUMENTS));
static_assert(int(GODOT_LEVEL_SCENE) == int(GDEXTENSION_INITIALIZATION_SCENE));
static_assert(int(GODOT_LEVEL_EDITOR) == int(GDEXTENSION_INITIALIZATION_EDITOR));
static_assert(int(GODOT_METHOD_CONST) == int(GDEXTENSION_METHOD_FLAG_CONST));
