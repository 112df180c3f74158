#pragma once

#include <utility>

class FRHICommandListBase
{
};

// Runs what is put into it at once.
class FRHICommandListImmediate : public FRHICommandListBase
{
public:
    template <class Lambda>
    void EnqueueLambda(Lambda&& Enqueued)
    {
        std::forward<Lambda>(Enqueued)(*this);
    }
};
