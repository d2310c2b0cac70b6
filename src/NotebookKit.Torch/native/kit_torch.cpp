// The native side of the tensor layer: a C interface over libtorch's dispatcher.
//
// Operators are not bound one by one. An operator is found by its schema name ("aten::conv2d"), its arguments are
// pushed boxed on a stack, callBoxed runs it, and its results are popped: so this file gives all of ATen, with autograd,
// for any libtorch from 1.13 on (run on 1.13.1; compiled against the headers of 2.0, 2.10 and 2.14). Besides that it holds what is not an operator: backward, grad mode, generators,
// threads, raw memory, custom autograd functions, and a few fused loops over many small tensors.
//
// A tensor handle is a TensorImpl* that owns one reference. No function throws: a failure returns -1 and kit_error()
// gives the message of the calling thread's last failure.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/GradMode.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include <torch/version.h>

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#if defined(KIT_CUDA) && __has_include(<cuda_runtime_api.h>)
#define KIT_CUDA_FIGURES 1
#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime_api.h>
#endif

#define KIT_API extern "C" __attribute__((visibility("default")))

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
template <class T> using Maybe = std::optional<T>;
#else
template <class T> using Maybe = c10::optional<T>;
#endif

namespace {

using c10::IValue;
using Stack = std::vector<IValue>;
using Handle = c10::TensorImpl*;
using torch::autograd::variable_list;

// One argument or result, 16 bytes, the same on both sides of the boundary.
struct KitValue {
    int32_t tag;
    int32_t count;
    union {
        int64_t i;
        double d;
        void* p;
    };
};

enum Tag : int32_t {
    None = 0, Tensor = 1, Int = 2, Double = 3, Bool = 4, IntList = 5, TensorList = 6, DoubleList = 7, BoolList = 8,
    String = 9, Device = 10, Generator = 11, Default = 12, OptionalTensorList = 13,
};

// What an argument must become before it is pushed, where that is not plain from its tag.
enum class Want : uint8_t { AsIs, Double, List };

struct KitOp {
    c10::OperatorHandle handle;
    std::vector<Want> wants;
    std::vector<Maybe<IValue>> defaults;
    explicit KitOp(c10::OperatorHandle h) : handle(std::move(h)) {}
};

std::atomic<int64_t> live{0};
thread_local std::string last_error;
thread_local Stack spare_stack;
thread_local std::vector<Handle> returned_list;

// Time spent in here, for whoever asks what share of a step is libtorch's; counted only while somebody does.
std::atomic<bool> timing{false};
std::atomic<int64_t> nanoseconds{0};
thread_local int timing_depth = 0;

struct Timed {
    using Clock = std::chrono::steady_clock;
    const bool outermost;
    Clock::time_point start;
    Timed() : outermost(timing.load(std::memory_order_relaxed) && timing_depth++ == 0) {
        if (outermost) start = Clock::now();
    }
    ~Timed() {
        if (timing_depth == 0) return;
        timing_depth--;
        if (outermost) nanoseconds += std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
    }
};

// Every exported function runs its body through this: C++ exceptions end here.
template <class Body>
int32_t guarded(Body&& body) noexcept {
    const Timed timed;
    try {
        return body();
    } catch (const c10::Error& e) {
        last_error = e.what_without_backtrace();
    } catch (const std::exception& e) {
        last_error = e.what();
    } catch (...) {
        last_error = "unknown native exception";
    }
    return -1;
}

at::Tensor borrow(Handle h) {
    return h ? at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(h)) : at::Tensor();
}

Handle give(at::Tensor t) {
    if (!t.defined()) return nullptr;
    live.fetch_add(1, std::memory_order_relaxed);
    return t.unsafeReleaseTensorImpl();
}

at::Tensor take(Handle h) {
    if (!h) return at::Tensor();
    live.fetch_sub(1, std::memory_order_relaxed);
    return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(h));
}

variable_list borrow_list(const Handle* handles, int32_t count) {
    variable_list list;
    list.reserve(count);
    for (int32_t i = 0; i < count; i++) list.push_back(borrow(handles[i]));
    return list;
}

c10::Device to_device(int64_t packed) {
    return c10::Device(static_cast<c10::DeviceType>(packed >> 8), static_cast<c10::DeviceIndex>(static_cast<int8_t>(packed & 0xff)));
}

int64_t from_device(c10::Device device) {
    return (static_cast<int64_t>(device.type()) << 8) | (static_cast<int64_t>(device.index()) & 0xff);
}

void push(Stack& stack, const KitOp& op, const KitValue& value, size_t position) {
    const Want want = op.wants[position];
    switch (value.tag) {
        case None: stack.emplace_back(); break;
        case Tensor: stack.emplace_back(borrow(static_cast<Handle>(value.p))); break;
        case Int:
            if (want == Want::Double) stack.emplace_back(static_cast<double>(value.i));
            else if (want == Want::List) stack.emplace_back(c10::List<int64_t>({value.i}));
            else stack.emplace_back(value.i);
            break;
        case Double: stack.emplace_back(value.d); break;
        case Bool: stack.emplace_back(value.i != 0); break;
        case IntList: stack.emplace_back(at::IntArrayRef(static_cast<const int64_t*>(value.p), value.count)); break;
        case DoubleList: stack.emplace_back(at::ArrayRef<double>(static_cast<const double*>(value.p), value.count)); break;
        case BoolList: {
            c10::List<bool> list;
            for (int32_t i = 0; i < value.count; i++) list.push_back(static_cast<const int64_t*>(value.p)[i] != 0);
            stack.emplace_back(std::move(list));
            break;
        }
        case TensorList: {
            c10::List<at::Tensor> list;
            list.reserve(value.count);
            for (int32_t i = 0; i < value.count; i++) list.push_back(borrow(static_cast<const Handle*>(value.p)[i]));
            stack.emplace_back(std::move(list));
            break;
        }
        case OptionalTensorList: {
            c10::List<Maybe<at::Tensor>> list;
            list.reserve(value.count);
            for (int32_t i = 0; i < value.count; i++) {
                auto h = static_cast<const Handle*>(value.p)[i];
                list.push_back(h ? Maybe<at::Tensor>(borrow(h)) : Maybe<at::Tensor>());
            }
            stack.emplace_back(std::move(list));
            break;
        }
        case String: stack.emplace_back(std::string(static_cast<const char*>(value.p), value.count)); break;
        case Device: stack.emplace_back(to_device(value.i)); break;
        case Generator: stack.emplace_back(*static_cast<at::Generator*>(value.p)); break;
        case Default:
            TORCH_CHECK(op.defaults[position], "argument ", position, " has no default");
            stack.push_back(*op.defaults[position]);
            break;
        default: TORCH_CHECK(false, "unknown argument tag ", value.tag);
    }
}

// Hands one result over. Lists of tensors lie in a buffer of this thread until its next call.
KitValue pop(IValue&& value) {
    KitValue result{None, 0, {0}};
    if (value.isTensor()) {
        result.tag = Tensor;
        result.p = give(std::move(value).toTensor());
    } else if (value.isInt()) {
        result.tag = Int;
        result.i = value.toInt();
    } else if (value.isDouble()) {
        result.tag = Double;
        result.d = value.toDouble();
    } else if (value.isBool()) {
        result.tag = Bool;
        result.i = value.toBool();
    } else if (value.isTensorList()) {
        returned_list.clear();
        for (auto& t : std::move(value).toTensorVector()) returned_list.push_back(give(std::move(t)));
        result.tag = TensorList;
        result.count = static_cast<int32_t>(returned_list.size());
        result.p = returned_list.data();
    } else if (!value.isNone()) {
        TORCH_CHECK(false, "a result of type ", value.tagKind(), " is not supported");
    }
    return result;
}

bool is_plain_float(const at::Tensor& t) {
    return t.scalar_type() == at::kFloat && t.device().is_cpu() && t.is_contiguous();
}

// Runs body(tensor index, first element, last element) over the elements of many tensors as if they were one,
// so that a hundred small tensors cost one parallel region.
template <class Body>
void for_all_elements(const std::vector<int64_t>& ends, Body&& body) {
    if (ends.empty()) return;
    at::parallel_for(0, ends.back(), 16384, [&](int64_t begin, int64_t end) {
        size_t k = std::upper_bound(ends.begin(), ends.end(), begin) - ends.begin();
        while (begin < end) {
            const int64_t start = k == 0 ? 0 : ends[k - 1];
            const int64_t stop = std::min(end, ends[k]);
            if (stop > begin) body(k, begin - start, stop - start);
            begin = stop;
            k++;
        }
    });
}

// Managed callbacks of custom autograd functions: they fill `outputs` with owned handles and return how many,
// or -1 after having kept the managed exception on their side.
using torch::autograd::AutogradContext;
using FunctionCallback = int32_t (*)(int64_t id, AutogradContext* context, const Handle* inputs, int32_t count, Handle* outputs, int32_t capacity);
using ReleaseCallback = void (*)(int64_t id);
FunctionCallback forward_callback = nullptr;
FunctionCallback backward_callback = nullptr;
ReleaseCallback release_callback = nullptr;

variable_list call_back(FunctionCallback callback, int64_t id, AutogradContext* context, at::TensorList inputs) {
    std::vector<Handle> given;
    given.reserve(inputs.size());
    for (const auto& t : inputs) given.push_back(give(t));
    constexpr int32_t capacity = 256;
    Handle outputs[capacity];
    const int32_t count = callback(id, context, given.data(), static_cast<int32_t>(given.size()), outputs, capacity);
    if (count < 0) throw std::runtime_error("exception in managed callback");
    variable_list result;
    result.reserve(count + 1);
    for (int32_t i = 0; i < count; i++) result.push_back(take(outputs[i]));
    return result;
}

// Tells the managed side that the graph node is gone, so that it can drop what it kept for backward.
struct ManagedContext : torch::CustomClassHolder {
    int64_t id;
    explicit ManagedContext(int64_t i) : id(i) {}
    ~ManagedContext() override { release_callback(id); }
};

struct ManagedFunction : torch::autograd::Function<ManagedFunction> {
    static variable_list forward(AutogradContext* context, at::TensorList inputs, int64_t id) {
        context->saved_data["node"] = IValue::make_capsule(c10::make_intrusive<ManagedContext>(id));
        context->saved_data["id"] = id;
        context->saved_data["inputs"] = static_cast<int64_t>(inputs.size());
        context->set_materialize_grads(true);
        return call_back(forward_callback, id, context, inputs);
    }

    static variable_list backward(AutogradContext* context, variable_list grads) {
        auto result = call_back(backward_callback, context->saved_data["id"].toInt(), context, grads);
        result.resize(context->saved_data["inputs"].toInt());
        result.emplace_back();  // the id has no gradient
        return result;
    }
};

// ---- what tensors hold

// Bytes that tensors hold on a device, now and at most.
struct Held {
    std::atomic<int64_t> now{0}, peak{0};
    void add(int64_t bytes) {
        const int64_t total = now.fetch_add(bytes, std::memory_order_relaxed) + bytes;
        int64_t most = peak.load(std::memory_order_relaxed);
        while (total > most && !peak.compare_exchange_weak(most, total, std::memory_order_relaxed)) {}
    }
    void remove(int64_t bytes) { now.fetch_sub(bytes, std::memory_order_relaxed); }
};

Held on_cpu, on_meta;

// Address space kept back for whoever must tell that memory ran out and save what there is: .NET itself ends the process
// when it gets no more. Nothing of it is ever touched, so it takes no memory.
struct Reserve {
    static constexpr size_t bytes = size_t(32) << 20;
    std::atomic<void*> held{map()};
    std::atomic<int64_t> given_up{0};  // when, in seconds of the steady clock

    static void* map() {
        void* data = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return data == MAP_FAILED ? nullptr : data;
    }
    static int64_t now() { return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
    void give_up() {
        if (void* data = held.exchange(nullptr)) {
            given_up = now();
            munmap(data, bytes);
        }
    }
    // Once the failure is over, for the next one.
    void renew() {
        if (held.load(std::memory_order_relaxed) || now() - given_up < 30) return;
        void* none = nullptr;
        void* data = map();
        if (data && !held.compare_exchange_strong(none, data)) munmap(data, bytes);
    }
};

Reserve reserve;

// Large blocks that were freed and may be wanted again at once: malloc gives blocks beyond 32 MB back to the kernel and asks
// for them anew, page by page, which takes a tenth of a UNet's forward at 512x512. What is kept and what tensors hold never
// exceed together what tensors held at most, so the process takes no more memory than without.
struct LargeBlocks {
    static constexpr int64_t least = int64_t(32) << 20;

    std::mutex mutex;
    std::vector<std::pair<int64_t, void*>> kept;  // the oldest first
    int64_t kept_bytes = 0, held_bytes = 0, most_held = 0;

    void* take(int64_t bytes) {
        std::lock_guard<std::mutex> lock(mutex);
        auto best = kept.end();
        for (auto it = kept.begin(); it != kept.end(); ++it)
            if (it->first >= bytes && it->first <= bytes + bytes / 8 && (best == kept.end() || it->first < best->first)) best = it;
        if (best == kept.end()) {
            while (!kept.empty() && held_bytes + kept_bytes + bytes > most_held) drop();
            return nullptr;
        }
        void* data = best->second;
        kept_bytes -= best->first;
        kept.erase(best);
        return data;
    }
    void taken(int64_t bytes) {
        std::lock_guard<std::mutex> lock(mutex);
        held_bytes += bytes;
        most_held = std::max(most_held, held_bytes);
    }
    void keep(int64_t bytes, void* data) {
        std::lock_guard<std::mutex> lock(mutex);
        held_bytes -= bytes;
        kept.emplace_back(bytes, data);
        kept_bytes += bytes;
    }
    void drop_all() {
        std::lock_guard<std::mutex> lock(mutex);
        while (!kept.empty()) drop();
    }

private:
    void drop() {
        kept_bytes -= kept.front().first;
        c10::free_cpu(kept.front().second);
        kept.erase(kept.begin());
    }
};

LargeBlocks large_blocks;

// libtorch's own way to get memory, counted. Newer libtorch declares allocate without const: whichever it wants is here.
struct CountingCpu final : at::Allocator {
    static void release(void* data) {
        if (!data) return;
        const auto bytes = static_cast<int64_t>(malloc_usable_size(data));
        on_cpu.remove(bytes);
        if (bytes >= LargeBlocks::least)
            large_blocks.keep(bytes, data);
        else
            c10::free_cpu(data);
    }
    static at::DataPtr counted(size_t wanted) {
        const bool large = static_cast<int64_t>(wanted) >= LargeBlocks::least;
        void* data = large ? large_blocks.take(static_cast<int64_t>(wanted)) : nullptr;
        if (!data) data = fresh(wanted);
        if (data) {
            const auto bytes = static_cast<int64_t>(malloc_usable_size(data));
            on_cpu.add(bytes);
            if (bytes >= LargeBlocks::least) large_blocks.taken(bytes);
        }
        return {data, data, &release, at::Device(at::DeviceType::CPU)};
    }
    static void* fresh(size_t bytes) {
        reserve.renew();
        try {
            return c10::alloc_cpu(bytes);
        } catch (...) {
            large_blocks.drop_all();
        }
        try {
            return c10::alloc_cpu(bytes);
        } catch (...) {
            reserve.give_up();
            throw;
        }
    }
    at::DataPtr allocate(size_t bytes) const { return counted(bytes); }
    at::DataPtr allocate(size_t bytes) { return counted(bytes); }
    at::DeleterFnPtr raw_deleter() const { return &release; }
    void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }
};

// Tensors on the device "meta" have a shape and no memory; counting what they would hold makes a rehearsal of a
// training step tell what the step will need.
struct CountingMeta final : at::Allocator {
    static void release(void* context) {
        auto* bytes = static_cast<int64_t*>(context);
        on_meta.remove(*bytes);
        delete bytes;
    }
    static at::DataPtr counted(size_t bytes) {
        on_meta.add(static_cast<int64_t>(bytes));
        return {nullptr, new int64_t(static_cast<int64_t>(bytes)), &release, at::Device(at::DeviceType::Meta)};
    }
    at::DataPtr allocate(size_t bytes) const { return counted(bytes); }
    at::DataPtr allocate(size_t bytes) { return counted(bytes); }
    at::DeleterFnPtr raw_deleter() const { return nullptr; }
    void copy_data(void*, const void*, std::size_t) const {}
};

CountingCpu counting_cpu;
CountingMeta counting_meta;

// From the moment this library is loaded; what was made before is not counted.
const bool counting = [] {
    c10::SetAllocator(at::DeviceType::CPU, &counting_cpu, 100);
    c10::SetAllocator(at::DeviceType::Meta, &counting_meta, 100);
    return true;
}();

// The shapes of what libtorch (1.13 and later, without Python) cannot compute on "meta" and a training step needs.
using OptionalTensor = Maybe<at::Tensor>;

at::Tensor rehearse_convolution(const at::Tensor& input, const at::Tensor& weight, const OptionalTensor&, at::IntArrayRef stride,
                                at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef, int64_t) {
    TORCH_CHECK(!transposed, "a transposed convolution cannot be rehearsed");
    std::vector<int64_t> shape{input.size(0), weight.size(0)};
    for (int64_t d = 2; d < input.dim(); d++)
        shape.push_back((input.size(d) + 2 * padding[d - 2] - dilation[d - 2] * (weight.size(d) - 1) - 1) / stride[d - 2] + 1);
    return at::empty(shape, input.options());
}

using ThreeTensors = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

ThreeTensors rehearse_convolution_backward(const at::Tensor& grad, const at::Tensor& input, const at::Tensor& weight, at::IntArrayRef, at::IntArrayRef,
                                           at::IntArrayRef, bool, at::IntArrayRef, int64_t, std::array<bool, 3> wanted) {
    return {wanted[0] ? at::empty(input.sizes(), input.options()) : at::Tensor(), wanted[1] ? at::empty(weight.sizes(), weight.options()) : at::Tensor(),
            wanted[2] ? at::empty({grad.size(1)}, grad.options()) : at::Tensor()};
}

ThreeTensors rehearse_group_norm(const at::Tensor& input, const OptionalTensor&, const OptionalTensor&, int64_t n, int64_t, int64_t, int64_t groups, double) {
    return {at::empty(input.sizes(), input.options()), at::empty({n, groups}, input.options()), at::empty({n, groups}, input.options())};
}

ThreeTensors rehearse_group_norm_backward(const at::Tensor&, const at::Tensor& input, const at::Tensor&, const at::Tensor&, const OptionalTensor&, int64_t,
                                          int64_t channels, int64_t, int64_t, std::array<bool, 3> wanted) {
    return {wanted[0] ? at::empty(input.sizes(), input.options()) : at::Tensor(), wanted[1] ? at::empty({channels}, input.options()) : at::Tensor(),
            wanted[2] ? at::empty({channels}, input.options()) : at::Tensor()};
}

ThreeTensors rehearse_layer_norm(const at::Tensor& input, at::IntArrayRef normalized, const OptionalTensor&, const OptionalTensor&, double) {
    auto shape = input.sizes().vec();
    std::fill(shape.end() - static_cast<int64_t>(normalized.size()), shape.end(), 1);
    return {at::empty(input.sizes(), input.options()), at::empty(shape, input.options()), at::empty(shape, input.options())};
}

ThreeTensors rehearse_layer_norm_backward(const at::Tensor&, const at::Tensor& input, at::IntArrayRef normalized, const at::Tensor&, const at::Tensor&,
                                          const OptionalTensor&, const OptionalTensor&, std::array<bool, 3> wanted) {
    return {wanted[0] ? at::empty(input.sizes(), input.options()) : at::Tensor(), wanted[1] ? at::empty(normalized, input.options()) : at::Tensor(),
            wanted[2] ? at::empty(normalized, input.options()) : at::Tensor()};
}

at::Tensor rehearse_index_select(const at::Tensor& self, int64_t dimension, const at::Tensor& index) {
    auto shape = self.sizes().vec();
    if (!shape.empty()) shape[dimension < 0 ? dimension + self.dim() : dimension] = index.numel();
    return at::empty(shape, self.options());
}

at::Tensor rehearse_embedding_backward(const at::Tensor& grad, const at::Tensor&, int64_t rows, int64_t, bool) {
    return at::empty({rows, grad.size(-1)}, grad.options());
}

// Puts the kernels above in place where libtorch has none of its own for the device.
template <class Kernel>
void rehearse(torch::Library& library, const char* name, Kernel kernel) {
    const auto op = c10::Dispatcher::singleton().findSchema({std::string("aten::") + name, ""});
    if (op && !op->hasKernelForDispatchKey(c10::DispatchKey::Meta)) library.impl(name, kernel);
}

// What synchronizes where no CUDA header is at hand: reading one element back waits for the stream.
void wait_for(c10::Device device) {
    at::empty({1}, at::TensorOptions().device(device)).zero_().item();
}

}  // namespace

// ---- operators ----------------------------------------------------------------------------------------------------

// Sets *op to the operator, or to null where this libtorch has none of that name and overload.
KIT_API int32_t kit_find(const char* name, const char* overload, KitOp** op) {
    return guarded([&] {
        *op = nullptr;
        auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
        if (!handle) return 0;
        auto found = std::make_unique<KitOp>(*handle);
        for (const auto& argument : handle->schema().arguments()) {
            auto type = argument.type();
            if (type->kind() == c10::TypeKind::OptionalType) type = type->castRaw<c10::OptionalType>()->getElementType();
            found->wants.push_back(type->kind() == c10::TypeKind::FloatType  ? Want::Double
                                   : type->kind() == c10::TypeKind::ListType ? Want::List
                                                                             : Want::AsIs);
            found->defaults.emplace_back(argument.default_value());
        }
        *op = found.release();  // lives as long as the process
        return 0;
    });
}

// Runs an operator. Missing trailing arguments take their defaults. Returns the number of results, of which the first
// `capacity` are handed over.
KIT_API int32_t kit_call(const KitOp* op, const KitValue* arguments, int32_t count, KitValue* results, int32_t capacity) {
    return guarded([&]() -> int32_t {
        // Taken and put back: an operator that calls into managed code may come here again.
        Stack stack = std::move(spare_stack);
        stack.clear();
        const size_t wanted = op->wants.size();
        TORCH_CHECK(static_cast<size_t>(count) <= wanted, "takes ", wanted, " arguments, got ", count);
        for (int32_t i = 0; i < count; i++) push(stack, *op, arguments[i], i);
        for (size_t i = count; i < wanted; i++) {
            TORCH_CHECK(op->defaults[i], "argument ", i, " is missing");
            stack.push_back(*op->defaults[i]);
        }
        op->handle.callBoxed(&stack);
        const auto returned = static_cast<int32_t>(stack.size());
        for (int32_t i = 0; i < returned && i < capacity; i++) results[i] = pop(std::move(stack[i]));
        stack.clear();
        spare_stack = std::move(stack);
        return returned;
    });
}

KIT_API const char* kit_error() { return last_error.c_str(); }
KIT_API const char* kit_version() { return TORCH_VERSION; }

// ---- tensors ------------------------------------------------------------------------------------------------------

KIT_API void kit_release(Handle h) {
    if (!h) return;
    live.fetch_sub(1, std::memory_order_relaxed);
    c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(h);
}

KIT_API void kit_release_many(const Handle* handles, int32_t count) {
    for (int32_t i = 0; i < count; i++) kit_release(handles[i]);
}

KIT_API int64_t kit_live() { return live.load(std::memory_order_relaxed); }
KIT_API Handle kit_copy_handle(Handle h) { return give(borrow(h)); }
KIT_API int32_t kit_dim(Handle h) { return static_cast<int32_t>(h->dim()); }
KIT_API int64_t kit_numel(Handle h) { return h->numel(); }
KIT_API int64_t kit_size(Handle h, int64_t d) { return h->sizes()[d]; }
KIT_API int32_t kit_dtype(Handle h) { return static_cast<int32_t>(c10::typeMetaToScalarType(h->dtype())); }
KIT_API int64_t kit_device(Handle h) { return from_device(h->device()); }
KIT_API int32_t kit_is_contiguous(Handle h) { return h->is_contiguous(); }
KIT_API int32_t kit_requires_grad(Handle h) { return h->requires_grad() || borrow(h).requires_grad(); }
KIT_API int32_t kit_is_leaf(Handle h) { return borrow(h).is_leaf(); }
KIT_API int64_t kit_version_of(Handle h) { return h->is_inference() ? 0 : h->version_counter().current_version(); }

KIT_API void kit_sizes(Handle h, int64_t* sizes) {
    const auto from = h->sizes();
    std::memcpy(sizes, from.data(), from.size() * sizeof(int64_t));
}

KIT_API void kit_strides(Handle h, int64_t* strides) {
    const auto from = h->strides();
    std::memcpy(strides, from.data(), from.size() * sizeof(int64_t));
}

KIT_API int32_t kit_data(Handle h, void** data) {
    return guarded([&] {
        *data = borrow(h).data_ptr();
        return 0;
    });
}

KIT_API int32_t kit_set_requires_grad(Handle h, int32_t value) {
    return guarded([&] {
        borrow(h).set_requires_grad(value != 0);
        return 0;
    });
}

KIT_API int32_t kit_retain_grad(Handle h) {
    return guarded([&] {
        borrow(h).retain_grad();
        return 0;
    });
}

KIT_API int32_t kit_grad_get(Handle h, Handle* grad) {
    return guarded([&] {
        *grad = give(borrow(h).grad());
        return 0;
    });
}

KIT_API int32_t kit_grad_set(Handle h, Handle grad) {
    return guarded([&] {
        borrow(h).mutable_grad() = borrow(grad);
        return 0;
    });
}

// Drops the gradients, or fills them with zeros.
KIT_API int32_t kit_zero_grad(const Handle* handles, int32_t count, int32_t drop) {
    return guarded([&] {
        for (int32_t i = 0; i < count; i++) {
            auto tensor = borrow(handles[i]);
            auto& grad = tensor.mutable_grad();
            if (!grad.defined()) continue;
            if (drop) grad.reset();
            else grad = grad.detach().zero_();
        }
        return 0;
    });
}

KIT_API int32_t kit_set_data(Handle h, Handle data) {
    return guarded([&] {
        borrow(h).set_data(borrow(data));
        return 0;
    });
}

// A tensor over foreign memory; release(context) is called when its storage dies.
KIT_API int32_t kit_from_blob(void* data, const int64_t* sizes, int32_t dims, int32_t dtype, void (*release)(void*), void* context, Handle* result) {
    return guarded([&] {
        auto deleter = [release, context](void*) { if (release) release(context); };
        *result = give(at::from_blob(data, at::IntArrayRef(sizes, dims), deleter, at::TensorOptions().dtype(static_cast<c10::ScalarType>(dtype))));
        return 0;
    });
}

// ---- autograd -----------------------------------------------------------------------------------------------------

KIT_API int32_t kit_grad_mode() { return c10::GradMode::is_enabled(); }
KIT_API void kit_set_grad_mode(int32_t enabled) { c10::GradMode::set_enabled(enabled != 0); }
KIT_API int32_t kit_is_inference_mode() { return c10::InferenceMode::is_enabled(); }
KIT_API void* kit_inference_mode_enter(int32_t enabled) { return new c10::InferenceMode(enabled != 0); }
KIT_API void kit_inference_mode_leave(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }

KIT_API int32_t kit_backward(const Handle* tensors, int32_t count, const Handle* grads, int32_t grad_count, int32_t retain_graph, int32_t create_graph,
                             const Handle* inputs, int32_t input_count) {
    return guarded([&] {
        torch::autograd::backward(borrow_list(tensors, count), borrow_list(grads, grad_count), retain_graph != 0, create_graph != 0,
                                  borrow_list(inputs, input_count));
        return 0;
    });
}

KIT_API int32_t kit_grad(const Handle* outputs, int32_t count, const Handle* inputs, int32_t input_count, const Handle* grads, int32_t grad_count,
                         int32_t retain_graph, int32_t create_graph, int32_t allow_unused, Handle* results) {
    return guarded([&] {
        auto found = torch::autograd::grad(borrow_list(outputs, count), borrow_list(inputs, input_count), borrow_list(grads, grad_count),
                                           retain_graph != 0, create_graph != 0, allow_unused != 0);
        for (size_t i = 0; i < found.size(); i++) results[i] = give(std::move(found[i]));
        return 0;
    });
}

KIT_API void kit_function_callbacks(FunctionCallback forward, FunctionCallback backward, ReleaseCallback release) {
    forward_callback = forward;
    backward_callback = backward;
    release_callback = release;
}

KIT_API int32_t kit_function_apply(int64_t id, const Handle* inputs, int32_t count, Handle* outputs, int32_t capacity) {
    return guarded([&]() -> int32_t {
        const auto list = borrow_list(inputs, count);
        auto results = ManagedFunction::apply(at::TensorList(list), id);
        TORCH_CHECK(static_cast<int32_t>(results.size()) <= capacity, "more than ", capacity, " outputs");
        for (size_t i = 0; i < results.size(); i++) outputs[i] = give(std::move(results[i]));
        return static_cast<int32_t>(results.size());
    });
}

KIT_API int32_t kit_context_save(AutogradContext* context, const Handle* tensors, int32_t count) {
    return guarded([&] {
        context->save_for_backward(borrow_list(tensors, count));
        return 0;
    });
}

KIT_API int32_t kit_context_saved(AutogradContext* context, Handle* tensors, int32_t capacity) {
    return guarded([&]() -> int32_t {
        auto saved = context->get_saved_variables();
        for (size_t i = 0; i < saved.size() && static_cast<int32_t>(i) < capacity; i++) tensors[i] = give(std::move(saved[i]));
        return static_cast<int32_t>(saved.size());
    });
}

// kind 0: these outputs have no gradient; 1: these inputs were changed in place.
KIT_API int32_t kit_context_mark(AutogradContext* context, const Handle* tensors, int32_t count, int32_t kind) {
    return guarded([&] {
        if (kind == 0) context->mark_non_differentiable(borrow_list(tensors, count));
        else context->mark_dirty(borrow_list(tensors, count));
        return 0;
    });
}

// ---- random numbers -----------------------------------------------------------------------------------------------

KIT_API int32_t kit_manual_seed(uint64_t seed) {
    return guarded([&] {
        at::manual_seed(seed);
        return 0;
    });
}

// own == 0: the device's default generator (shared); else a new one, seeded.
KIT_API int32_t kit_generator_new(int64_t device, int32_t own, uint64_t seed, at::Generator** result) {
    return guarded([&] {
        const auto at_device = to_device(device);
        if (own && at_device.is_cpu()) {
            *result = new at::Generator(at::detail::createCPUGenerator(seed));
        } else {
            auto generator = at::globalContext().defaultGenerator(at_device);
            if (own) {
                generator = generator.clone();
                generator.set_current_seed(seed);
            }
            *result = new at::Generator(std::move(generator));
        }
        return 0;
    });
}

KIT_API void kit_generator_release(at::Generator* generator) { delete generator; }

KIT_API int32_t kit_generator_seed(at::Generator* generator, uint64_t seed) {
    return guarded([&] {
        std::lock_guard<std::mutex> lock(generator->mutex());
        generator->set_current_seed(seed);
        return 0;
    });
}

KIT_API uint64_t kit_generator_initial_seed(at::Generator* generator) { return generator->current_seed(); }

KIT_API int32_t kit_generator_state(at::Generator* generator, Handle* state) {
    return guarded([&] {
        *state = give(generator->get_state());
        return 0;
    });
}

KIT_API int32_t kit_generator_set_state(at::Generator* generator, Handle state) {
    return guarded([&] {
        generator->set_state(borrow(state));
        return 0;
    });
}

// ---- threads and devices ------------------------------------------------------------------------------------------

KIT_API void kit_set_num_threads(int32_t count) { at::set_num_threads(count); }
KIT_API int32_t kit_num_threads() { return at::get_num_threads(); }

KIT_API int32_t kit_device_count(int32_t type) {
    return guarded([&]() -> int32_t {
        const auto device_type = static_cast<c10::DeviceType>(type);
        if (!c10::impl::hasDeviceGuardImpl(device_type)) return 0;
        return c10::impl::VirtualGuardImpl(device_type).deviceCount();
    });
}

KIT_API int32_t kit_synchronize(int64_t device) {
    return guarded([&] {
        wait_for(to_device(device));
        return 0;
    });
}

// Whether a GPU may multiply float32 with ten bits of fraction; libtorch's own choice is yes in convolutions, no elsewhere.
KIT_API int32_t kit_allow_tf32(int32_t allow) {
    return guarded([&] {
        at::globalContext().setAllowTF32CuDNN(allow != 0);
        at::globalContext().setAllowTF32CuBLAS(allow != 0);
        return 0;
    });
}

// figures[4]: bytes allocated now, the most ever allocated, bytes reserved, bytes of the device free.
// Returns 0 where this library was built without the CUDA headers.
KIT_API int32_t kit_cuda_memory(int32_t index, int64_t* figures, int32_t empty_cache, int32_t reset_peak) {
    return guarded([&]() -> int32_t {
#ifdef KIT_CUDA_FIGURES
        if (empty_cache) c10::cuda::CUDACachingAllocator::emptyCache();
        if (reset_peak) c10::cuda::CUDACachingAllocator::resetPeakStats(index);
        const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(index);
        figures[0] = stats.allocated_bytes[0].current;
        figures[1] = stats.allocated_bytes[0].peak;
        figures[2] = stats.reserved_bytes[0].current;
        size_t free_bytes = 0, total_bytes = 0;
        figures[3] = cudaMemGetInfo(&free_bytes, &total_bytes) == cudaSuccess ? static_cast<int64_t>(free_bytes) : 0;
        return 1;
#else
        return 0;
#endif
    });
}

// Bytes that tensors hold: of this process in RAM (meta = 0), or would hold on the device "meta" (1): now and at most.
KIT_API void kit_held(int32_t meta, int64_t* figures, int32_t reset_peak) {
    Held& held = meta ? on_meta : on_cpu;
    if (reset_peak) held.peak = held.now.load();
    figures[0] = held.now;
    figures[1] = held.peak;
}

// Makes a training step possible on the device "meta".
KIT_API int32_t kit_prepare_rehearsal() {
    return guarded([] {
        static torch::Library* library = nullptr;  // lives as long as the process, as the kernels do
        if (library) return 0;
        library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
        rehearse(*library, "convolution_overrideable", TORCH_FN(rehearse_convolution));
        rehearse(*library, "convolution_backward_overrideable", TORCH_FN(rehearse_convolution_backward));
        rehearse(*library, "native_group_norm", TORCH_FN(rehearse_group_norm));
        rehearse(*library, "native_group_norm_backward", TORCH_FN(rehearse_group_norm_backward));
        rehearse(*library, "native_layer_norm", TORCH_FN(rehearse_layer_norm));
        rehearse(*library, "native_layer_norm_backward", TORCH_FN(rehearse_layer_norm_backward));
        rehearse(*library, "index_select", TORCH_FN(rehearse_index_select));
        rehearse(*library, "embedding_dense_backward", TORCH_FN(rehearse_embedding_backward));
        return 0;
    });
}

// Gives back to the system what is kept of large tensors that are gone.
KIT_API void kit_give_back() { large_blocks.drop_all(); }

// Starts (1) or ends (0) the counting of time; returns the nanoseconds counted so far.
KIT_API int64_t kit_timing(int32_t on) {
    if (on == 1) nanoseconds = 0;
    if (on >= 0) timing = on != 0;
    return nanoseconds;
}

// ---- fused loops over many tensors --------------------------------------------------------------------------------

// One Adam step (Kingma & Ba 2015; decoupled: Loshchilov & Hutter 2019) over every parameter that has a gradient, and
// whose tensors are contiguous float32 on the CPU. steps[i] is raised for each. Returns how many parameters with a
// gradient were left out because they are of another kind (nothing is changed then). The order of operations differs
// from libtorch's composed operators, so results agree to rounding, not to the bit.
KIT_API int32_t kit_adam_step(const Handle* parameters, const Handle* first_moments, const Handle* second_moments, int64_t* steps, int32_t count,
                              double lr, double beta1, double beta2, double eps, double weight_decay, int32_t decoupled, int32_t maximize) {
    return guarded([&]() -> int32_t {
        struct Item { float *p, *m, *v; const float* g; float step_size, root_bias2; };
        std::vector<Item> items;
        std::vector<int64_t> ends;
        std::vector<int32_t> chosen;
        int32_t left_out = 0;
        int64_t end = 0;
        for (int32_t i = 0; i < count; i++) {
            auto p = borrow(parameters[i]);
            const auto& g = p.grad();
            if (!g.defined()) continue;
            auto m = borrow(first_moments[i]), v = borrow(second_moments[i]);
            if (!is_plain_float(p) || !is_plain_float(g) || !is_plain_float(m) || !is_plain_float(v)) {
                left_out++;
                continue;
            }
            const double step = static_cast<double>(steps[i] + 1);
            items.push_back({p.data_ptr<float>(), m.data_ptr<float>(), v.data_ptr<float>(), g.data_ptr<float>(),
                             static_cast<float>(lr / (1 - std::pow(beta1, step))), static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, step)))});
            chosen.push_back(i);
            ends.push_back(end += p.numel());
        }
        if (left_out > 0) return left_out;
        const auto b1 = static_cast<float>(beta1), b2 = static_cast<float>(beta2), e = static_cast<float>(eps);
        const auto one_minus_b1 = static_cast<float>(1 - beta1), one_minus_b2 = static_cast<float>(1 - beta2);
        const auto keep = static_cast<float>(decoupled ? 1 - lr * weight_decay : 1);
        const auto l2 = static_cast<float>(decoupled ? 0 : weight_decay);
        const float sign = maximize ? -1.0f : 1.0f;
        for_all_elements(ends, [&](size_t k, int64_t from, int64_t to) {
            const Item& item = items[k];
            float* __restrict p = item.p;
            float* __restrict m = item.m;
            float* __restrict v = item.v;
            const float* __restrict g = item.g;
            const float step_size = item.step_size, root_bias2 = item.root_bias2;
            for (int64_t j = from; j < to; j++) {
                const float x = p[j] * keep;
                const float d = sign * g[j] + l2 * x;
                m[j] = b1 * m[j] + one_minus_b1 * d;
                v[j] = b2 * v[j] + one_minus_b2 * d * d;
                p[j] = x - step_size * m[j] / (std::sqrt(v[j]) * root_bias2 + e);
            }
        });
        for (const auto i : chosen) {
            steps[i]++;
            parameters[i]->bump_version();
        }
        return 0;
    });
}

// The Euclidean norm over all gradients of the parameters, and, when it exceeds max_norm (if that is positive), the
// scaling of every gradient by max_norm / (norm + 1e-6). Returns how many gradients are not contiguous float32 on the
// CPU; nothing is changed then.
KIT_API int32_t kit_clip_grad_norm(const Handle* parameters, int32_t count, double max_norm, double* norm) {
    return guarded([&]() -> int32_t {
        std::vector<float*> grads;
        std::vector<int64_t> ends;
        std::vector<at::Tensor> kept;
        int64_t end = 0;
        int32_t left_out = 0;
        for (int32_t i = 0; i < count; i++) {
            auto p = borrow(parameters[i]);
            const auto& g = p.grad();
            if (!g.defined()) continue;
            if (!is_plain_float(g)) {
                left_out++;
                continue;
            }
            kept.push_back(g);
            grads.push_back(g.data_ptr<float>());
            ends.push_back(end += g.numel());
        }
        if (left_out > 0) return left_out;
        // One sum per tensor, added up in order: the same whatever the number of threads.
        std::vector<double> sums(grads.size(), 0.0);
        at::parallel_for(0, static_cast<int64_t>(grads.size()), 8, [&](int64_t first, int64_t last) {
            for (int64_t k = first; k < last; k++) {
                const float* g = grads[k];
                const int64_t n = ends[k] - (k == 0 ? 0 : ends[k - 1]);
                double partial[8] = {};
                int64_t j = 0;
                for (; j + 8 <= n; j += 8)
                    for (int64_t l = 0; l < 8; l++) partial[l] += static_cast<double>(g[j + l]) * g[j + l];
                for (; j < n; j++) partial[0] += static_cast<double>(g[j]) * g[j];
                for (const double s : partial) sums[k] += s;
            }
        });
        double total = 0;
        for (const double s : sums) total += s;
        *norm = std::sqrt(total);
        const double scale = max_norm / (*norm + 1e-6);
        if (max_norm > 0 && scale < 1) {
            const auto factor = static_cast<float>(scale);
            for_all_elements(ends, [&](size_t k, int64_t from, int64_t to) {
                float* g = grads[k];
                for (int64_t j = from; j < to; j++) g[j] *= factor;
            });
            for (const auto& g : kept) g.unsafeGetTensorImpl()->bump_version();
        }
        return 0;
    });
}

// average += weight * (source - average) for every pair. Returns how many pairs are of another kind than contiguous
// float32 on the CPU; nothing is changed then.
KIT_API int32_t kit_lerp_many(const Handle* averages, const Handle* sources, int32_t count, double weight) {
    return guarded([&]() -> int32_t {
        std::vector<std::pair<float*, const float*>> items;
        std::vector<int64_t> ends;
        int64_t end = 0;
        int32_t left_out = 0;
        for (int32_t i = 0; i < count; i++) {
            auto a = borrow(averages[i]), s = borrow(sources[i]);
            if (!is_plain_float(a) || !is_plain_float(s) || a.numel() != s.numel()) {
                left_out++;
                continue;
            }
            items.emplace_back(a.data_ptr<float>(), s.data_ptr<float>());
            ends.push_back(end += a.numel());
        }
        if (left_out > 0) return left_out;
        const auto w = static_cast<float>(weight);
        for_all_elements(ends, [&](size_t k, int64_t from, int64_t to) {
            float* __restrict a = items[k].first;
            const float* __restrict s = items[k].second;
            for (int64_t j = from; j < to; j++) a[j] += w * (s[j] - a[j]);
        });
        for (int32_t i = 0; i < count; i++) averages[i]->bump_version();
        return 0;
    });
}
