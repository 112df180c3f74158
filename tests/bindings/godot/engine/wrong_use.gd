# Wrong use in a real Godot: each line of Godot's log is announced before.
extends "res://cases.gd"


func test_files_that_are_no_networks() -> void:
	expect_error("res://wrong.snn")
	expect_error("Failed loading resource: res://wrong.snn")
	check(load("res://wrong.snn") == null, "a wrong file is no resource")
	done()


func test_a_node_without_a_network() -> void:
	var node := SpikingNetwork.new()
	expect_error("'network' of this SpikingNetwork is not set")
	equal(node.step(0.1), ERR_UNCONFIGURED, "step")
	expect_error("takes a SpikingNetworkResource that has bytes")
	node.set("network", SpikingNetworkResource.new())
	expect_error("step_mode is 3")
	node.set("step_mode", 3)
	expect_error("thread_count is -1")
	node.thread_count = -1
	expect_error("budget_ms is -0.5")
	node.budget_ms = -0.5
	node.free()
	done()


func test_wrong_arguments() -> void:
	var node := brain()
	expect_error("takes 3 values")
	equal(node.set_input("input", PackedFloat32Array([1])), ERR_INVALID_PARAMETER, "set_input")
	expect_error("no population 'inputs'")
	equal(node.set_input("inputs", PackedFloat32Array([1, 1, 1])), ERR_DOES_NOT_EXIST, "set_input")
	expect_error("frame_dt")
	equal(node.step(-1), ERR_INVALID_PARAMETER, "step")
	expect_error("population 'output' has no state or parameter 'w'")
	check(node.get_state("output.w").is_empty(), "get_state")
	expect_error("absent.state")
	equal(node.load_state("user://absent.state"), ERR_CANT_OPEN, "load_state")
	expect_error("SpikingNetworkResource.bytes")
	(node.network as SpikingNetworkResource).bytes = node.network.bytes.slice(0, 100)
	equal(node.network.get_neuron_count(), 27, "it keeps what it had")
	node.free()
	done()


func test_a_handler_may_do_all_but_free_its_node() -> void:
	var node := brain()
	var heard := [0]
	node.spiked.connect(func(population: StringName, _neurons: PackedInt32Array, _step: int) -> void:
		heard[0] += 1
		if heard[0] > 1:
			return
		check(not node.get_state(population + ".v").is_empty(), "a state")
		equal(node.set_input("input", PackedFloat32Array([1, 1, 1])), OK, "set_input")
		var before := node.get_step_count()
		equal(node.step(0.01), OK, "step")
		equal(node.get_step_count(), before + 10, "steps")
		expect_error("Object is locked")
		node.free())
	node.set_input("input", PackedFloat32Array([1, 1, 1]))
	equal(node.advance(50), OK, "advance")
	check(heard[0] > 1 and is_instance_valid(node), "Godot kept the node")
	node.free()
	done()
