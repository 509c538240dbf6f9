# aarch64-linux-gnu.cmake: cross build for 64-bit Arm with Debian's compiler; programs run under qemu-user, whose
# processor the environment variable QEMU_CPU chooses (the test presets set it).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
