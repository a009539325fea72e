#pragma once

#include <onetake/config.h>

#include <nanobind/nanobind.h>

namespace onetake::python {

namespace nb = nanobind;

/// Values by name.
using Settings = nb::typed<nb::dict, nb::str, nb::any>;

/// A configuration from flat settings by name (onetake/flat_config.h), and tracks of their own: dictionaries of the
/// same names and `label`; None: those of the flat settings.
/// `data`: the labels of the data tracks. Raises TypeError for unknown names and invalid_argument
/// for values of another type.
RecorderConfig config_from(const nb::dict& flat, const nb::object& video, const nb::object& audio,
                           const nb::object& data = nb::none());

/// Sets the fields of one audio track.
void set_track(AudioTrackConfig& track, const nb::dict& settings);

}  // namespace onetake::python
