# Cases that a real Godot runs: functions of a script that extends this one, named `test_`. Prints the line that the other hosts of
# tests/bindings print and ends Godot. Godot runs it as a main loop: godot --headless --path PROJECT --script res://node.gd
extends SceneTree

var failed := false


func _initialize() -> void:
	_run()


func _run() -> void:
	var passed := 0
	var names := []
	for method in get_script().get_script_method_list():
		if method.name.begins_with("test_"):
			names.append(method.name)
	for name in names:
		failed = true # a case that a script error ends has failed
		await call(name)
		passed += int(not failed)
		if failed:
			printerr("failed: ", name)
	print("test cases: %d | %d passed | %d failed" % [names.size(), passed, names.size() - passed])
	quit(int(passed < names.size()))


# The last line of each case.
func done() -> void:
	failed = failed_checks > 0
	failed_checks = 0


var failed_checks := 0


func check(truth: bool, what: String) -> void:
	if not truth:
		failed_checks += 1
		printerr("not so: ", what)


func equal(found: Variant, expected: Variant, what: String) -> void:
	check(found == expected, "%s: %s, expected %s" % [what, found, expected])


# A line in Godot's log, which must have this in it: the caller compares.
func expect_error(part: String) -> void:
	printerr("expected error: ", part)


func brain(path := "res://creature.snn") -> SpikingNetwork:
	var made := SpikingNetwork.new()
	made.network = load(path)
	made.step_mode = SpikingNetwork.STEP_SCRIPT
	return made
