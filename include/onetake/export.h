#pragma once

/// Marks what the shared library exports.
#define ONETAKE_API __attribute__((visibility("default")))
