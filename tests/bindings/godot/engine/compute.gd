# SpikingNetworkCompute on a real Godot's RenderingDevice, the main one and a local one. No case may leave a line in Godot's log.
extends "res://cases.gd"


# Calls a function with the device and with what makes the device do what was recorded.
func on_each_device(function: Callable) -> void:
	var main := RenderingServer.get_rendering_device()
	check(main != null, "there is a main RenderingDevice")
	function.call(main, func() -> void: pass)
	var local := RenderingServer.create_local_rendering_device()
	check(local != null, "there is a local RenderingDevice")
	function.call(local, func() -> void:
		local.submit()
		local.sync())
	local.free()


func test_networks_give_the_bits_of_the_processor() -> void:
	on_each_device(func(device: RenderingDevice, run: Callable) -> void:
		for path in ["res://mixed.snn", "res://plastic.snn", "res://creature.snn"]:
			var node := brain(path)
			node.seed = 5
			var compute := SpikingNetworkCompute.new()
			compute.seed = 5
			equal(compute.open(node.network, device), OK, "open")
			for turn in 20:
				for population in node.get_populations():
					var is_spikes: bool = population in ["spikes", "image", "source"]
					if not is_spikes and not population in ["current", "alone", "input"] or is_spikes and turn % 3 == 2:
						continue
					var values := PackedFloat32Array()
					values.resize({"spikes": 40, "current": 33, "image": 36, "alone": 4, "source": 30, "input": 3}[population])
					for i in values.size():
						values[i] = float((i * 7 + turn) % 3 == 0) if is_spikes else (i + turn) % 5 * 0.25
					equal(node.set_input(population, values), OK, "set_input")
					equal(compute.set_input(population, values), OK, "set_input")
				equal(node.advance(turn % 4), OK, "advance")
				equal(compute.advance(turn % 4), OK, "advance")
				run.call()
				for population in node.get_populations():
					if not population in ["spikes", "current", "image", "alone", "source", "input"]:
						equal(compute.read(population + ".v").to_byte_array(), node.get_state(population + ".v").to_byte_array(),
							"%s %s.v in turn %d" % [path, population, turn])
			equal(compute.get_step_count(), 30, "steps")
			check(node.get_counter(SpikingNetwork.COUNTER_SPIKES) > (1 if path.ends_with("creature.snn") else 20), "spikes")
			compute.close()
			node.free())
	done()


func test_a_state_is_a_buffer_that_others_use() -> void:
	on_each_device(func(device: RenderingDevice, run: Callable) -> void:
		var compute := SpikingNetworkCompute.new()
		compute.counted_populations = PackedStringArray(["output"])
		equal(compute.open(load("res://creature.snn"), device), OK, "open")
		compute.set_input("input", PackedFloat32Array([1, 0, 1]))
		compute.advance(64)
		run.call()
		var buffer := compute.get_buffer("hidden.v")
		check(buffer.is_valid(), "a RID")
		var there := device.buffer_get_data(buffer, compute.get_buffer_offset("hidden.v"), 24 * 4).to_float32_array()
		equal(there, compute.read("hidden.v"), "the buffer's values")
		check(there.count(0.0) < 24, "values that are not 0")
		var counts := compute.read("output.spike_count")
		check(counts[0] + counts[1] + counts[2] > 0, "counted spikes")
		equal(compute.clear_spike_count("output"), OK, "clear_spike_count")
		run.call()
		equal(compute.read("output.spike_count"), PackedFloat32Array([0, 0, 0]), "counts after they were cleared")
		equal(compute.open(load("res://creature.snn"), device), OK, "open again")
		equal(compute.get_step_count(), 0, "it begins anew")
		equal(compute.read("hidden.v").count(0.0), 24, "states"))
	done()


func test_what_is_closed_leaves_nothing_on_a_device() -> void:
	var local := RenderingServer.create_local_rendering_device()
	var compute := SpikingNetworkCompute.new()
	equal(compute.open(load("res://creature.snn"), local), OK, "open")
	compute.close()
	local.free()
	done()


func test_recording_is_cheap() -> void:
	var compute := SpikingNetworkCompute.new()
	equal(compute.open(load("res://creature.snn"), RenderingServer.get_rendering_device()), OK, "open")
	compute.advance(16)
	compute.read("output.v")
	var before := Time.get_ticks_usec()
	for i in 20:
		compute.advance(16)
	print("recording a step: %.1f us" % ((Time.get_ticks_usec() - before) / 320.0))
	compute.read("output.v")
	done()
