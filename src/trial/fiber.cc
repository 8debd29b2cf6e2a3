#include "trial/fiber.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace lastcommit {
namespace {

constexpr std::size_t kStackBytes = std::size_t{1} << 20;

}  // namespace

struct Fiber::Impl {
  std::function<void()> function;
  ucontext_t fiber = {};
  ucontext_t resumer = {};
  void* stack = nullptr;
  bool has_returned = false;
  // What AddressSanitizer has to know of the two stacks.
  void* fake_of_fiber = nullptr;
  void* fake_of_resumer = nullptr;
  const void* resumer_bottom = nullptr;
  std::size_t resumer_size = 0;

  static void StartSwitch([[maybe_unused]] void** save,
                          [[maybe_unused]] const void* bottom,
                          [[maybe_unused]] std::size_t size) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(save, bottom, size);
#endif
  }
  static void FinishSwitch([[maybe_unused]] void* save,
                           [[maybe_unused]] const void** bottom,
                           [[maybe_unused]] std::size_t* size) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(save, bottom, size);
#endif
  }

  void Run() {
    FinishSwitch(nullptr, &resumer_bottom, &resumer_size);
    function();
    has_returned = true;
    // nullptr: nobody comes back to this stack.
    StartSwitch(nullptr, resumer_bottom, resumer_size);
    setcontext(&resumer);
  }

  // makecontext passes ints only.
  static void Entry(unsigned high, unsigned low) {
    const std::uint64_t address = (std::uint64_t{high} << 32) | low;
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    reinterpret_cast<Impl*>(static_cast<std::uintptr_t>(address))->Run();
  }
};

Fiber::Fiber(std::function<void()> function) : impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  impl.function = std::move(function);
  impl.stack = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (impl.stack == MAP_FAILED) throw std::bad_alloc();
  getcontext(&impl.fiber);
  impl.fiber.uc_stack.ss_sp = impl.stack;
  impl.fiber.uc_stack.ss_size = kStackBytes;
  impl.fiber.uc_link = nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(&impl);
  makecontext(&impl.fiber, reinterpret_cast<void (*)()>(Impl::Entry), 2,
              static_cast<unsigned>(std::uint64_t{address} >> 32),
              static_cast<unsigned>(address));
}

Fiber::~Fiber() { munmap(impl_->stack, kStackBytes); }

void Fiber::Resume() {
  Impl& impl = *impl_;
  Impl::StartSwitch(&impl.fake_of_resumer, impl.stack, kStackBytes);
  swapcontext(&impl.resumer, &impl.fiber);
  Impl::FinishSwitch(impl.fake_of_resumer, nullptr, nullptr);
}

void Fiber::Suspend() {
  Impl& impl = *impl_;
  Impl::StartSwitch(&impl.fake_of_fiber, impl.resumer_bottom,
                    impl.resumer_size);
  swapcontext(&impl.fiber, &impl.resumer);
  Impl::FinishSwitch(impl.fake_of_fiber, &impl.resumer_bottom,
                     &impl.resumer_size);
}

bool Fiber::has_returned() const { return impl_->has_returned; }

}  // namespace lastcommit
