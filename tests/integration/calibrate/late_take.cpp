// late_take DATA_DIR NAME LATE_MS [free]: writes a take whose audio is late, its flashes in step with the frames or
// not.
#include "support/late_take.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    onetake::LateTake what;
    what.late_ms = std::atof(argv[3]);
    what.in_step = argc < 5 || std::string_view(argv[4]) != "free";
    what.ppm = 80;
    if (auto written = onetake::write_late_take(argv[1], argv[2], what); !written) {
        std::fprintf(stderr, "late_take: %s\n", written.error().message.c_str());
        return 1;
    }
    return 0;
}
