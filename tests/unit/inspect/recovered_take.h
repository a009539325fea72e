#pragma once

#include "inspect/check.h"
#include "inspect/recover.h"
#include "take/manifest.h"
#include "take/take_source.h"
#include "unit/take/small_take.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onetake {

/// A take "t" that is damaged, inspected and recovered.
class RecoveredTake : public ::testing::Test {
 protected:
    std::string file(const std::string& name) const { return dir_.file("t/" + name); }
    CheckReport check() const {
        const auto dir = TakeDir::open(dir_.file("t")).value();
        const auto found = inspect_take(dir);
        EXPECT_TRUE(found) << found.error().message;
        return found ? check_report(*found, "t") : CheckReport{};
    }
    RecoverReport recover() const {
        auto report = recover_folder(dir_.file("t"), "t");
        EXPECT_TRUE(report) << report.error().message;
        return report ? *report : RecoverReport{};
    }
    // Checks that apply to any take after a recovery.
    void expect_recovered(const RecoverReport& report) const {
        EXPECT_FALSE(report.take.needs_recovery);
        EXPECT_TRUE(report.take.closed);
        const auto checked = check();
        EXPECT_FALSE(checked.needs_recovery);
        EXPECT_EQ(checked.losses.size(), report.take.losses.size());
        const auto before = snapshot(dir_.file("t"));
        const auto again = recover();
        EXPECT_THAT(again.steps, ::testing::IsEmpty());
        EXPECT_EQ(snapshot(dir_.file("t")), before) << "a second recovery changed something";
        const auto manifest = read_manifest(TakeDir::open(dir_.file("t")).value());
        ASSERT_TRUE(manifest) << manifest.error().message;
        EXPECT_TRUE(manifest->metrics.balanced());
        EXPECT_EQ(manifest->metrics.frames, checked.frames);
        EXPECT_EQ(manifest->metrics.audio_samples, checked.samples);
        auto source = TakeSource::open(dir_.file("t"));
        ASSERT_TRUE(source);
        while (source->next().value()) {
        }
    }
    static std::uint64_t lost(const CheckReport& report, const std::string& track, const std::string& cause) {
        std::uint64_t count = 0;
        for (const auto& loss : report.losses)
            if (loss.track == track && to_string(loss.cause) == cause) count += loss.count;
        return count;
    }

    TempDir dir_;
};

}  // namespace onetake
