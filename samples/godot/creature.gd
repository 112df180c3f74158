# A creature steered by a spiking network looks for food, 60 frames a second. See samples/python/creature.py: after 600 frames the
# same game prints the same hash in every language.
extends Node2D

const FRAMES := 600
const HEADINGS := 32
const WORLD := 4096
# 64 cos of each heading, from 0 counter-clockwise. Positions are in 64ths.
const COSINES: Array[int] = [
	64, 63, 59, 53, 45, 36, 24, 12, 0, -12, -24, -36, -45, -53, -59, -63,
	-64, -63, -59, -53, -45, -36, -24, -12, 0, 12, 24, 36, 45, 53, 59, 63,
]

@onready var brain: SpikingNetwork = $Brain
var spikes := [0, 0, 0] # of the output neurons in this frame
var creature := Vector2i(WORLD / 2 * 64, WORLD / 2 * 64)
var food := Vector2i.ZERO
var has_food := false
var heading := 0
var eaten := 0
var random := 1
var frame := 0
var fnv := -3750763034362895579 # 0xCBF29CE484222325


func _ready() -> void:
	brain.spiked.connect(_count)


func _count(population: StringName, neurons: PackedInt32Array, _step: int) -> void:
	if population == &"output":
		for neuron in neurons:
			spikes[neuron] += 1


func _physics_process(_delta: float) -> void:
	if not has_food:
		food = Vector2i(_draw_place(), _draw_place())
		has_food = true
	var dx := food.x - (creature.x >> 6)
	var dy := food.y - (creature.y >> 6)
	spikes = [0, 0, 0]
	brain.set_input("input", _see(dx, dy))
	if brain.step(1.0 / 60.0) != OK:
		get_tree().quit(1)
		return
	var voltages := brain.get_state("output.v")
	heading = (heading + HEADINGS + int(spikes[0] > spikes[2]) - int(spikes[0] < spikes[2])) % HEADINGS
	var speed: int = 8 + 4 * spikes[1]
	creature.x = clampi(creature.x + _cosine(heading) * speed, 0, WORLD * 64 - 1)
	creature.y = clampi(creature.y + _sine(heading) * speed, 0, WORLD * 64 - 1)
	if absi(dx) + absi(dy) < 64:
		eaten += 1
		has_food = false
	_mix_frame(voltages)
	queue_redraw()


func _draw() -> void:
	draw_set_transform(Vector2.ZERO, 0, Vector2.ONE / 8)
	draw_circle(food, 48, Color.GREEN)
	draw_circle(Vector2(creature) / 64, 64, Color.ORANGE)
	draw_line(Vector2(creature) / 64, Vector2(creature) / 64 + 2 * Vector2(_cosine(heading), _sine(heading)), Color.RED, 16)


func _draw_place() -> int:
	random = (random * 1664525 + 1013904223) & 0xFFFFFFFF
	return random >> 20


# How much of what lies in the direction (dx, dy) is to the left, ahead and to the right, in sixteenths of 1.
func _see(dx: int, dy: int) -> PackedFloat32Array:
	var ahead := dx * _cosine(heading) + dy * _sine(heading)
	var left := dy * _cosine(heading) - dx * _sine(heading)
	var total := maxi(absi(ahead) + absi(left), 1)
	var side := 16 if ahead < 0 else absi(left) * 16 / total # what is behind is at the side
	return PackedFloat32Array([
		side / 16.0 if left > 0 else 0.0,
		(maxi(ahead, 0) * 16 / total) / 16.0,
		side / 16.0 if left <= 0 else 0.0,
	])


# FNV-1a of everything, the brain's voltages to the last bit included.
func _mix_frame(voltages: PackedFloat32Array) -> void:
	if frame == FRAMES:
		return
	var bits := voltages.to_byte_array()
	for word in [creature.x, creature.y, heading, eaten] + spikes + [bits.decode_u32(0), bits.decode_u32(4), bits.decode_u32(8)]:
		fnv = (fnv ^ (word & 0xFFFFFFFF)) * 0x100000001B3
	frame += 1
	if frame == FRAMES:
		print("%d frames, %d eaten, hash %08x%08x" % [FRAMES, eaten, (fnv >> 32) & 0xFFFFFFFF, fnv & 0xFFFFFFFF])
		if DisplayServer.get_name() == "headless":
			get_tree().quit()


func _cosine(of: int) -> int:
	return COSINES[of % HEADINGS]


func _sine(of: int) -> int:
	return COSINES[(of + 24) % HEADINGS]
