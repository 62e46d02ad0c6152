#pragma once
// Certificates for tests of TLS, made by openssl in a folder: an authority, a server's certificate for one DNS name, a
// client's certificate for one role, and an authority that signed neither.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace flusso::test {

class TlsFiles {
 public:
  TlsFiles(std::string folder, const std::string& server_name, const std::string& role) : folder_(std::move(folder)) {
    const std::string san = "subjectAltName=DNS:" + server_name;
    made_ = authority("root") && authority("stranger") && signed_by_root("server", server_name, san) &&
            signed_by_root("client", role, "subjectAltName=DNS:client");
    EXPECT_TRUE(made_) << "openssl failed";
  }
  bool ready() const { return made_; }
  std::string file(const std::string& name) const { return folder_ + "/" + name; }

 private:
  bool run(const std::string& command) const {
    return std::system(("cd " + folder_ + " && openssl " + command + " >>openssl.log 2>&1").c_str()) == 0;
  }
  bool authority(const std::string& name) const {
    return run("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + name + " -keyout " + name + ".key -out " +
               name + ".crt");
  }
  bool signed_by_root(const std::string& name, const std::string& subject, const std::string& extension) const {
    return run("req -newkey rsa:2048 -nodes -subj /CN=" + subject + " -keyout " + name + ".key -out " + name +
               ".csr") &&
           std::system(("cd " + folder_ + " && echo " + extension + " > " + name + ".ext").c_str()) == 0 &&
           run("x509 -req -in " + name + ".csr -CA root.crt -CAkey root.key -CAcreateserial -days 2 -extfile " + name +
               ".ext -out " + name + ".crt");
  }

  std::string folder_;
  bool made_ = false;
};

}  // namespace flusso::test
