#pragma once

// What most sources of tests include, parsed once for all of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "precompiled.h"
