# SpikingNetwork and SpikingNetworkResource in a real Godot. No case may leave a line in Godot's log.
extends "res://cases.gd"


func test_a_file_is_a_resource() -> void:
	var resource: SpikingNetworkResource = load("res://creature.snn")
	equal(resource.get_neuron_count(), 27, "neurons")
	check(load("res://creature.snn") == resource, "a file is loaded once")
	check("snn" in ResourceLoader.get_recognized_extensions_for_type("SpikingNetworkResource"), "snn is recognized")
	check("snn" in ResourceLoader.get_recognized_extensions_for_type("Resource"), "snn is recognized as a resource")
	equal(resource.bytes, FileAccess.get_file_as_bytes("res://creature.snn"), "bytes")
	var copy := SpikingNetworkResource.new()
	copy.bytes = resource.bytes
	equal(copy.get_neuron_count(), 27, "neurons of the copy")
	done()


func test_a_thread_loads_a_file() -> void:
	ResourceLoader.load_threaded_request("res://learning.snn")
	while ResourceLoader.load_threaded_get_status("res://learning.snn") == ResourceLoader.THREAD_LOAD_IN_PROGRESS:
		await process_frame
	equal(ResourceLoader.load_threaded_get("res://learning.snn").get_neuron_count(), 4, "neurons")
	done()


func test_resources_are_counted_as_godot_counts() -> void:
	var resource := ResourceLoader.load("res://creature.snn", "", ResourceLoader.CACHE_MODE_IGNORE)
	equal(resource.get_reference_count(), 1, "references to what was loaded")
	var node := SpikingNetwork.new()
	node.network = resource
	equal(resource.get_reference_count(), 2, "references of a node's network")
	check(node.network == resource and node.get("network") == resource and node.call("get_network") == resource, "it is the same")
	equal(resource.get_reference_count(), 2, "references after it was read")
	equal(node.advance(5), OK, "advance")
	var gone: WeakRef = weakref(resource)
	resource = null
	equal(node.advance(5), OK, "advance with the node's own")
	node.free()
	check(gone.get_ref() == null, "the node let go of its network")
	done()


func test_frames_step_a_node_without_a_script() -> void:
	for mode: SpikingNetwork.StepMode in [SpikingNetwork.STEP_PHYSICS, SpikingNetwork.STEP_PROCESS]:
		var node := brain()
		node.step_mode = mode
		root.add_child(node)
		for i in 30:
			await (physics_frame if mode == SpikingNetwork.STEP_PHYSICS else process_frame)
		check(node.get_step_count() > 0, "steps of mode %d" % mode)
		# 1 ms steps: what physics frames of 1/60 s made is known but for the frame that runs now.
		if mode == SpikingNetwork.STEP_PHYSICS:
			check(absi(node.get_step_count() - 500) <= 34, "%d steps in 30 physics frames" % node.get_step_count())
		node.free()
	done()


func test_spikes_are_signals() -> void:
	var node := brain()
	var heard := {}
	var last := [-1]
	node.spiked.connect(func(population: StringName, neurons: PackedInt32Array, step: int) -> void:
		if node.get_step_count() <= 50:  # a step at a time
			equal(step, node.get_step_count() - 1, "step")
			check(neurons == node.get_spikes(population), "spikes of %s" % population)
		check(step >= last[0] and step < node.get_step_count(), "step %d after %d" % [step, last[0]])
		last[0] = step
		heard[population] = heard.get(population, 0) + neurons.size())
	equal(node.set_input("input", [1, 1.0, 1]), OK, "an Array of numbers")
	for i in 50:
		equal(node.advance(1), OK, "advance")
	equal(node.advance(50), OK, "advance")
	check(last[0] > 50, "spikes in many steps at once")
	var total := 0
	for count: int in heard.values():
		total += count
	check(total > 0, "spikes")
	equal(total, node.get_counter(SpikingNetwork.COUNTER_SPIKES), "all spikes")
	equal(node.get_populations(), PackedStringArray(["input", "hidden", "output"]), "populations")
	node.free()
	done()


func test_a_node_learns_and_goes_on_from_a_saved_game() -> void:
	var node := brain("res://learning.snn")
	var play := func(steps: int, reward: float) -> PackedFloat32Array:
		for i in steps:
			node.set_input("source", PackedFloat32Array([1, 1, 1, 1, 1, 1]))
			node.advance(1)
		equal(node.send_signal("synapses", reward), OK, "send_signal")
		return node.get_state("synapses.weight")
	var before := node.get_state("synapses.weight")
	var rewarded: PackedFloat32Array = play.call(30, 1.0)
	check(rewarded != before, "a reward teaches")
	equal(node.save_state("user://game.state"), OK, "save_state")
	var ahead: PackedFloat32Array = play.call(10, 0.5)
	equal(node.load_state("user://game.state"), OK, "load_state")
	equal(node.get_step_count(), 30, "steps")
	equal(node.get_state("synapses.weight"), rewarded, "weights")
	equal(play.call(10, 0.5), ahead, "what follows")
	equal(node.set_state("synapses.weight", before), OK, "set_state")
	equal(node.get_state("synapses.weight"), before, "weights that were set")
	equal(node.get_projections(), PackedStringArray(["synapses"]), "projections")
	node.free()
	done()


func test_a_scene_keeps_what_a_node_has() -> void:
	var node := brain()
	node.seed = 7
	node.budget_ms = 2.5
	var scene := PackedScene.new()
	equal(scene.pack(node), OK, "pack")
	node.free()
	equal(ResourceSaver.save(scene, "user://brain.tscn"), OK, "save")
	var text := FileAccess.get_file_as_string("user://brain.tscn")
	check('type="SpikingNetworkResource" path="res://creature.snn"' in text.replace(' uid="<invalid>"', ""), text)
	var again: SpikingNetwork = (ResourceLoader.load("user://brain.tscn", "", ResourceLoader.CACHE_MODE_IGNORE) as PackedScene).instantiate()
	equal([again.seed, again.budget_ms, again.step_mode], [7, 2.5, SpikingNetwork.STEP_SCRIPT], "properties")
	check(again.network == load("res://creature.snn"), "network")
	again.free()
	done()


func test_a_node_runs_many_brains_in_the_background() -> void:
	var many := brain()
	many.batch_size = 3
	many.in_background = true
	var alone := brain()
	var told := [0]
	many.stepped.connect(func() -> void:
		told[0] += 1
		equal(many.get_spike_counts("output").size(), 9, "counts")
		check(not many.is_stepping(), "nothing is under way in a handler"))
	many.spiked.connect(func(_population: StringName, _neurons: PackedInt32Array, _step: int) -> void:
		check(false, "spikes of many brains are counted"))
	var senses := PackedFloat32Array([1, 0.5, 0])
	equal(many.set_sample_input(1, "input", senses), OK, "set_sample_input")
	equal(alone.set_input("input", senses), OK, "set_input")
	for i in 5:
		equal(many.step(0.0201), OK, "step")
		equal(alone.step(0.0201), OK, "step")
	while many.is_stepping():
		await process_frame
	equal(many.step(0.0), OK, "the last are told")
	check(told[0] > 0, "stepped")
	equal(many.get_step_count(), alone.get_step_count(), "steps")
	equal(many.get_state("output.v").slice(3, 6), alone.get_state("output.v"), "states of the second brain")
	equal(alone.get_session_device(), "cpu", "device")
	root.add_child(many)
	many.step_mode = SpikingNetwork.STEP_PHYSICS
	var before: int = told[0]
	for i in 10:
		await physics_frame
	check(told[0] > before, "frames step it")
	many.free()  # while steps may be under way
	alone.free()
	done()
