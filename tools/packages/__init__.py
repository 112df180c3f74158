"""Put together what people install: packages for Unity, Godot and Unreal, a jar, a NuGet package."""
