"""A loader's functions between a host program and the driver, which can be made to fail."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_char_p, c_int32, c_void_p

import numpy as np

import snn

from .vulkan_renderer import Renderer, number

GetProcAddress = CFUNCTYPE(c_void_p, c_void_p, c_char_p)
QueueSubmit = CFUNCTYPE(c_int32, c_void_p, ctypes.c_uint32, c_void_p, c_void_p)
AnyFunction = CFUNCTYPE(c_int32, *[c_void_p] * 8)  # of at most eight integers and pointers, which returns a VkResult
OUT_OF_DEVICE_MEMORY, DEVICE_LOST, INVALID_SHADER, NEWER_ERROR = -2, -4, -1000012000, -1000999000

NO_MEMORY = AnyFunction(lambda *_: OUT_OF_DEVICE_MEMORY)


class Spoiled:
    """A function of the device whose call number `fails_at` from now on, counted from 1, gives `error`."""

    def __init__(self, address: int) -> None:
        self.real, self.callback, self.fails_at = AnyFunction(address), AnyFunction(self.call), 0
        self.error, self.takes_effect = OUT_OF_DEVICE_MEMORY, False
        self.address = ctypes.cast(self.callback, c_void_p).value

    def call(self, *arguments: int | None) -> int:
        self.fails_at -= 1
        fails = self.fails_at == 0
        result = self.real(*arguments) if self.takes_effect or not fails else 0
        return self.error if fails else result


class Meddler:
    """The loader's functions, but that some are missing, that the next submission fails with `refusal` where that is set, and
    that all do when the device is `lost`.
    """

    def __init__(self, renderer: Renderer, missing: tuple[bytes, ...] = ()) -> None:
        self.renderer, self.missing, self.refusal, self.submissions = renderer, missing, 0, 0
        self.lost = False
        self.spoiled: dict[bytes, Spoiled] = {}
        self.loader = ctypes.CDLL("libvulkan.so.1").vkGetInstanceProcAddr
        self.loader.restype, self.loader.argtypes = c_void_p, (c_void_p, c_char_p)
        instance = number(renderer.instance)
        self.of_device = GetProcAddress(self.loader(instance, b"vkGetDeviceProcAddr"))
        self.real_submit = QueueSubmit(self.of_device(number(renderer.device), b"vkQueueSubmit"))
        self.callbacks = [
            GetProcAddress(self.instance_function),
            GetProcAddress(self.device_function),
            QueueSubmit(self.submit),
        ]

    def instance_function(self, instance: int, name: bytes) -> int | None:
        if name in self.missing:
            return None
        if name == b"vkGetDeviceProcAddr":
            return ctypes.cast(self.callbacks[1], c_void_p).value
        return self.loader(instance, name)

    def device_function(self, device: int, name: bytes) -> int | None:
        if name in self.missing:
            return None
        if name in self.spoiled:
            return self.spoiled[name].address
        if name == b"vkQueueSubmit":
            return ctypes.cast(self.callbacks[2], c_void_p).value
        return self.of_device(device, name)

    def submit(self, queue: int, count: int, infos: int, fence: int) -> int:
        self.submissions += 1
        refusal, self.refusal = DEVICE_LOST if self.lost else self.refusal, 0
        return refusal or self.real_submit(queue, count, infos, fence)

    def spoil(self, name: str) -> Spoiled:
        """Before host(): calls of this function can be made to fail."""
        self.spoiled[name.encode()] = made = Spoiled(self.of_device(number(self.renderer.device), name.encode()))
        made.takes_effect = name == "vkEndCommandBuffer"  # recording has ended when it fails, too
        return made

    def host(self) -> snn.vulkan.Host:
        fields = vars(self.renderer.host())
        return snn.vulkan.Host(**(fields | {"get_instance_proc_addr": ctypes.cast(self.callbacks[0], c_void_p).value}))


def driven(simulations: tuple[snn.Simulation, ...]) -> None:
    for one in simulations:
        one.set_input("current", np.linspace(0, 3, 50))
        one.step(20)


@contextmanager
def failing(
    renderer: Renderer, net: snn.Network, name: str, call: int
) -> Iterator[tuple[snn.Simulation, snn.Simulation, Spoiled]]:
    """Give a simulation and the reference after some steps; of the calls of a function to come, one fails in the former."""
    meddler = Meddler(renderer)
    function = meddler.spoil(name)
    with snn.Simulation(net, device=meddler.host()) as sim, snn.Simulation(net, device="reference") as expected:
        driven((sim, expected))
        function.fails_at = call
        yield sim, expected, function
