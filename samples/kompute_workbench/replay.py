"""Plans of snn.vulkan run through Kompute, with numpy arrays as memory."""

import kp
import numpy as np

import snn


class KomputeReplay:
    """A plan on a device of Kompute's.

    Kompute binds whole tensors, so each range of a buffer that is bound somewhere is a tensor of its own; ranges that overlap
    would be two tensors for one memory, and are refused. It has no indirect dispatch and needs none.
    """

    def __init__(self, plan: snn.vulkan.Plan) -> None:
        self.manager = kp.Manager()
        self.tensors: dict[tuple[int, int, int], kp.Tensor] = {}
        for dispatch in plan.dispatches:
            for place in dispatch.bindings:
                if place not in self.tensors:
                    self.tensors[place] = self._tensor(plan, place)
        self.sequence = self.manager.sequence()
        for dispatch in plan.dispatches:
            shader = plan.shaders[dispatch.shader]
            tensors = [self.tensors[place] for place in dispatch.bindings]
            algorithm = self.manager.algorithm(
                tensors, shader.spirv, dispatch.groups, np.array(shader.constants), np.array(dispatch.push)
            )
            self.sequence.record(kp.OpAlgoDispatch(algorithm))  # with barriers for its tensors
        self.manager.sequence().record(kp.OpTensorSyncDevice(list(self.tensors.values()))).eval()

    def _tensor(self, plan: snn.vulkan.Plan, place: tuple[int, int, int]) -> kp.Tensor:
        buffer, offset, size = place
        for other, begin, length in self.tensors:
            if other == buffer and begin < offset + size and offset < begin + length:
                raise ValueError(f"the plan binds overlapping ranges of buffer {buffer}; Kompute cannot")
        return self.manager.tensor_t(np.array(plan.buffers[buffer].contents[offset // 4 : (offset + size) // 4]))

    def _of(self, buffer: int, offset: int = 0) -> tuple[kp.Tensor, int]:
        """The tensor in which a place of a buffer lies, and where in it, in words."""
        for (other, begin, length), tensor in self.tensors.items():
            if other == buffer and begin <= offset < begin + length:
                return tensor, (offset - begin) // 4
        raise ValueError(f"no shader reads buffer {buffer}")

    def write(self, buffer: int, values: np.ndarray) -> None:
        """Put float32 values at the beginning of a buffer."""
        tensor, _ = self._of(buffer)
        tensor.data()[: values.size] = values.astype(np.float32).ravel().view(np.uint32)
        self.manager.sequence().record(kp.OpTensorSyncDevice([tensor])).eval()

    def read(self, buffer: int, offset: int, size: int) -> np.ndarray:
        """`size` bytes of a buffer as float32."""
        tensor, begin = self._of(buffer, offset)
        self.manager.sequence().record(kp.OpTensorSyncLocal([tensor])).eval()
        return tensor.data()[begin : begin + size // 4].view(np.float32).copy()

    def step(self) -> None:
        """Run the dispatches of one step."""
        self.sequence.eval()

    def close(self) -> None:
        """End the device."""
        self.manager.destroy()
