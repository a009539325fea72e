#pragma once

#include <onetake/calibration.h>
#include <onetake/config.h>
#include <onetake/config_fields.h>
#include <onetake/devices.h>
#include <onetake/event.h>
#include <onetake/flat_config.h>
#include <onetake/loss_cause.h>
#include <onetake/metrics.h>
#include <onetake/models.h>
#include <onetake/mux.h>
#include <onetake/recorder.h>
#include <onetake/result.h>
#include <onetake/selftest.h>
#include <onetake/sidecar.h>
#include <onetake/take.h>
#include <onetake/version.h>
