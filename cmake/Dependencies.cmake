# Every outside library, found once. Debian package names: scripts/install-deps.sh.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)

pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(AVCODEC REQUIRED IMPORTED_TARGET libavcodec>=59.37)
pkg_check_modules(AVFORMAT REQUIRED IMPORTED_TARGET libavformat>=59.27)
pkg_check_modules(AVUTIL REQUIRED IMPORTED_TARGET libavutil>=57.28)
pkg_check_modules(SWRESAMPLE REQUIRED IMPORTED_TARGET libswresample)

# Debian's libyuv has no pkg-config file.
find_library(LIBYUV_LIBRARY yuv REQUIRED)
find_path(LIBYUV_INCLUDE_DIR libyuv.h REQUIRED)
add_library(libyuv INTERFACE)
target_link_libraries(libyuv INTERFACE ${LIBYUV_LIBRARY})
target_include_directories(libyuv SYSTEM INTERFACE ${LIBYUV_INCLUDE_DIR})

# Optional: without PortAudio a take has no microphone, which is reported.
pkg_check_modules(PORTAUDIO IMPORTED_TARGET portaudio-2.0)

# Optional: without Pango composed images show no names, which is reported.
pkg_check_modules(PANGOCAIRO IMPORTED_TARGET pangocairo>=1.50)

# Optional: without libcurl models are not downloaded, which the program reports.
pkg_check_modules(CURL IMPORTED_TARGET libcurl)
