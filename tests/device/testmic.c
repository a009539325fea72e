/* An ALSA capture device that generates a tone: a microphone for tests, through the real libasound and
 * PortAudio, without hardware, kernel driver or daemon. tests/support/with_testmic.sh sets one up. In an ALSA
 * configuration:
 *
 *   pcm_type.testmic { lib "<path of this plugin>" }
 *   pcm.mic { type testmic freq 440 ppm 200 }
 *
 * Fields, all numbers but the last; times in seconds after the device's first start:
 *   freq          Hz of the tone (440)
 *   ppm           how much too fast the device's clock runs (0)
 *   beep          1: instead of a steady tone, 50 ms of it at each full second of CLOCK_MONOTONIC (0)
 *   xrun_at       when to report one overrun
 *   stall_at      when to stop delivering without an error, as PortAudio reports an unplugged device
 *   resume_after  seconds until delivery resumes; frames meanwhile are lost without a flag (never)
 *   start_takes   seconds for which the first start blocks, as in a driver that hangs (0)
 *   burst         frames become available in batches of this size (1)
 *   max_channels  (2)
 *   only_rate     the only supported rate, Hz (any from 8000 to 96000)
 *   unplug_file   while this file exists the device can't be opened, and an open one stops delivering for good
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const double beep_s = 0.05;
static const double amplitude = 0.5 * 32767;

struct testmic {
    snd_pcm_ioplug_t io;
    int timer; /* polled by the program; ticks twice a period */

    double freq, ppm, xrun_at, stall_at, resume_after, start_takes;
    long beep, burst, max_channels, only_rate;
    char* unplug_file;

    double first_start, start; /* CLOCK_MONOTONIC, s; 0: not yet */
    double unplugged;          /* the same; HUGE_VAL: plugged in */
    bool xrun_done;
    snd_pcm_uframes_t read; /* frames delivered since start */
    snd_pcm_uframes_t avail_min;
};

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double true_rate(const struct testmic* mic) {
    return mic->io.rate * (1 + mic->ppm * 1e-6);
}

/* The part of the outage after the start: [*begin, *end), empty if begin >= end. */
static void outage(const struct testmic* mic, double* begin, double* end) {
    *begin = *end = HUGE_VAL;
    if (mic->stall_at > 0) {
        *begin = fmax(mic->first_start + mic->stall_at, mic->start);
        *end = mic->resume_after > 0 ? mic->first_start + mic->stall_at + mic->resume_after : HUGE_VAL;
    }
    if (mic->unplugged < *begin) {
        *begin = mic->unplugged;
        *end = HUGE_VAL;
    }
}

/* Frames "converted" since the start. */
static snd_pcm_uframes_t frames_captured(const struct testmic* mic) {
    const double now = now_s();
    double begin, end;
    outage(mic, &begin, &end);
    double captured = now - mic->start;
    if (begin < end && now > begin) captured -= fmin(now, end) - begin;
    const snd_pcm_uframes_t frames = (snd_pcm_uframes_t)(fmax(captured, 0) * true_rate(mic));
    return mic->burst > 1 ? frames - frames % (snd_pcm_uframes_t)mic->burst : frames;
}

/* When frame `n` since the start was "converted". */
static double capture_time(const struct testmic* mic, snd_pcm_uframes_t n) {
    double begin, end;
    outage(mic, &begin, &end);
    const double t = mic->start + (double)n / true_rate(mic);
    return begin < end && t >= begin ? t + (end - begin) : t;
}

static int16_t sample_at(const struct testmic* mic, double t) {
    if (!mic->beep) return (int16_t)lrint(amplitude * sin(2 * M_PI * mic->freq * (t - mic->start)));
    const double into_second = t - floor(t);
    return into_second < beep_s ? (int16_t)lrint(amplitude * sin(2 * M_PI * mic->freq * into_second)) : 0;
}

static int set_timer(const struct testmic* mic, double interval_s) {
    const struct timespec interval = {(time_t)interval_s, (long)(fmod(interval_s, 1) * 1e9)};
    const struct itimerspec setting = {interval, interval};
    return timerfd_settime(mic->timer, 0, &setting, NULL) < 0 ? -errno : 0;
}

static int on_prepare(snd_pcm_ioplug_t* io) {
    struct testmic* mic = io->private_data;
    mic->read = 0;
    mic->start = now_s();
    if (mic->first_start == 0) mic->first_start = mic->start;
    if (mic->avail_min == 0) mic->avail_min = io->period_size;
    return 0;
}

static int on_start(snd_pcm_ioplug_t* io) {
    struct testmic* mic = io->private_data;
    if (mic->start_takes > 0) usleep((useconds_t)(1e6 * mic->start_takes));
    mic->start_takes = 0;
    on_prepare(io);
    return set_timer(mic, (double)io->period_size / true_rate(mic) / 2);
}

static int on_stop(snd_pcm_ioplug_t* io) {
    return set_timer(io->private_data, 0);
}

static snd_pcm_sframes_t on_pointer(snd_pcm_ioplug_t* io) {
    struct testmic* mic = io->private_data;
    if (mic->xrun_at > 0 && !mic->xrun_done && now_s() > mic->first_start + mic->xrun_at) {
        mic->xrun_done = true;
        return -EPIPE;
    }
    const snd_pcm_uframes_t captured = frames_captured(mic);
    if (captured > mic->read + io->buffer_size) return -EPIPE;
    return (snd_pcm_sframes_t)(captured % io->buffer_size);
}

static snd_pcm_sframes_t on_transfer(snd_pcm_ioplug_t* io, const snd_pcm_channel_area_t* areas,
                                     snd_pcm_uframes_t offset, snd_pcm_uframes_t frames) {
    struct testmic* mic = io->private_data;
    for (snd_pcm_uframes_t i = 0; i < frames; ++i) {
        const int16_t value = sample_at(mic, capture_time(mic, mic->read + i));
        for (unsigned channel = 0; channel < io->channels; ++channel) {
            const snd_pcm_channel_area_t* area = &areas[channel];
            memcpy((char*)area->addr + (area->first + (offset + i) * area->step) / 8, &value, sizeof value);
        }
    }
    mic->read += frames;
    return (snd_pcm_sframes_t)frames;
}

static int on_poll_revents(snd_pcm_ioplug_t* io, struct pollfd* fds, unsigned count, unsigned short* revents) {
    struct testmic* mic = io->private_data;
    uint64_t ticks;
    if (count > 0 && (fds[0].revents & POLLIN) && read(mic->timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
        return -errno;
    if (mic->unplugged == HUGE_VAL && mic->unplug_file && access(mic->unplug_file, F_OK) == 0) {
        mic->unplugged = now_s();
        set_timer(mic, 0);
    }
    const snd_pcm_uframes_t captured = frames_captured(mic);
    *revents = captured >= mic->read + mic->avail_min ? POLLIN : 0;
    return 0;
}

static int on_sw_params(snd_pcm_ioplug_t* io, snd_pcm_sw_params_t* params) {
    struct testmic* mic = io->private_data;
    return snd_pcm_sw_params_get_avail_min(params, &mic->avail_min);
}

static void destroy(struct testmic* mic) {
    if (mic->timer >= 0) close(mic->timer);
    free(mic->unplug_file);
    free(mic);
}

static int on_close(snd_pcm_ioplug_t* io) {
    destroy(io->private_data);
    return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .prepare = on_prepare,
    .start = on_start,
    .stop = on_stop,
    .pointer = on_pointer,
    .transfer = on_transfer,
    .poll_revents = on_poll_revents,
    .sw_params = on_sw_params,
    .close = on_close,
};

static int read_field(struct testmic* mic, const char* id, snd_config_t* field) {
    if (!strcmp(id, "unplug_file")) {
        const char* path;
        const int error = snd_config_get_string(field, &path);
        if (error < 0) return error;
        mic->unplug_file = strdup(path);
        return mic->unplug_file ? 0 : -ENOMEM;
    }
    const struct {
        const char* id;
        double* seconds_or_hz;
        long* integer;
    } numbers[] = {
        {"freq", &mic->freq, NULL},           {"ppm", &mic->ppm, NULL},
        {"xrun_at", &mic->xrun_at, NULL},     {"stall_at", &mic->stall_at, NULL},
        {"beep", NULL, &mic->beep},           {"resume_after", &mic->resume_after, NULL},
        {"burst", NULL, &mic->burst},         {"max_channels", NULL, &mic->max_channels},
        {"only_rate", NULL, &mic->only_rate}, {"start_takes", &mic->start_takes, NULL},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        if (strcmp(id, numbers[i].id) != 0) continue;
        return numbers[i].integer ? snd_config_get_integer(field, numbers[i].integer)
                                : snd_config_get_ireal(field, numbers[i].seconds_or_hz);
    }
    return -EINVAL;
}

static int read_fields(struct testmic* mic, snd_config_t* config) {
    snd_config_iterator_t i, next;
    snd_config_for_each(i, next, config) {
        snd_config_t* field = snd_config_iterator_entry(i);
        const char* id;
        if (snd_config_get_id(field, &id) < 0) continue;
        if (!strcmp(id, "comment") || !strcmp(id, "type") || !strcmp(id, "hint")) continue;
        const int error = read_field(mic, id, field);
        if (error < 0) {
            SNDERR("testmic: bad field %s", id);
            return error;
        }
    }
    return 0;
}

static int limit_hardware(struct testmic* mic) {
    static const unsigned access_kinds[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
    static const unsigned formats[] = {SND_PCM_FORMAT_S16};
    const unsigned lowest_rate = mic->only_rate > 0 ? (unsigned)mic->only_rate : 8000;
    const unsigned highest_rate = mic->only_rate > 0 ? (unsigned)mic->only_rate : 96000;
    snd_pcm_ioplug_t* io = &mic->io;
    int error = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, access_kinds);
    if (error >= 0) error = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, formats);
    if (error >= 0)
        error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, 1, (unsigned)mic->max_channels);
    if (error >= 0) error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE, lowest_rate, highest_rate);
    if (error >= 0) error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 1u << 18);
    if (error >= 0) error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 256, 1u << 20);
    if (error >= 0) error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 1024);
    return error;
}

SND_PCM_PLUGIN_DEFINE_FUNC(testmic) {
    (void)root;
    if (stream != SND_PCM_STREAM_CAPTURE) return -ENODEV;
    struct testmic* mic = calloc(1, sizeof *mic);
    if (!mic) return -ENOMEM;
    mic->timer = -1;
    mic->freq = 440;
    mic->max_channels = 2;
    mic->unplugged = HUGE_VAL;

    int error = read_fields(mic, conf);
    if (error >= 0 && mic->unplug_file && access(mic->unplug_file, F_OK) == 0) error = -ENODEV;
    if (error >= 0) {
        mic->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        if (mic->timer < 0) error = -errno;
    }
    if (error < 0) {
        destroy(mic);
        return error;
    }

    mic->io.version = SND_PCM_IOPLUG_VERSION;
    mic->io.name = "test microphone";
    mic->io.callback = &callbacks;
    mic->io.private_data = mic;
    mic->io.poll_fd = mic->timer;
    mic->io.poll_events = POLLIN;
    mic->io.flags = SND_PCM_IOPLUG_FLAG_MONOTONIC;
    error = snd_pcm_ioplug_create(&mic->io, name, stream, mode);
    if (error < 0) {
        destroy(mic);
        return error;
    }
    error = limit_hardware(mic);
    if (error < 0) {
        snd_pcm_ioplug_delete(&mic->io); /* calls on_close */
        return error;
    }
    *pcmp = mic->io.pcm;
    return 0;
}

SND_PCM_PLUGIN_SYMBOL(testmic);
