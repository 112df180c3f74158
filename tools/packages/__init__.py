"""Put together what people install in game engines: a Unity package, a Godot addon, an Unreal plug-in."""
